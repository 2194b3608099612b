//! Sees to it that somebody can use the server, in the same way at its start and when the configuration changes.

use call::{Localized, localized};
use server::{ServerSettings, tokens};
use stores::StoreLocation;

/// Gives the server the token that is kept in the state directory, made where there is none yet, unless one is configured. Says where the token is,
/// without saying it.
///
/// # Errors
/// Where nobody could use the server.
pub(crate) fn provide(settings: &mut ServerSettings, location: &StoreLocation) -> Result<Localized, Localized> {
    if settings.token.is_some() {
        return Ok(Localized::new(
            "токен — `[server] token` из файла настроек",
            "the token is the configuration's `[server] token`",
        ));
    }
    // Where nothing is to be kept, a token that clients have to know is kept all the same.
    let directory = location.own_directory().or_else(stores::user_state_directory);
    let Some(directory) = directory else {
        if !settings.tokens.is_empty() {
            return Ok(Localized::new(
                "токены — `[[server.tokens]]` из файла настроек",
                "the tokens are the configuration's `[[server.tokens]]`",
            ));
        }
        return Err(Localized::new(
            "токен сервера негде хранить; задайте `[server] token` или укажите каталог в --state",
            "there is nowhere to keep the server's token; set `[server] token`, or name a directory with --state",
        ));
    };
    let (token, file) = tokens::generated::kept_in(&directory)?;
    settings.token = Some(token);
    Ok(localized!("токен лежит в {}", "the token is in {}", file.display()))
}
