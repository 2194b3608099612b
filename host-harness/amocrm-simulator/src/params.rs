//! The query of a request: decoded pairs, and the several spellings of a list.

/// The decoded pairs of a query, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a raw query: `%5B` is `[`, `+` is a space.
    pub(crate) fn read(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The last value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a list, however it is spelled: `name=1`, `name[]=1`, `name[0]=1`.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let of_list = |key: &str| match key.strip_prefix(name) {
            Some("") => true,
            Some(rest) => rest
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .is_some_and(|place| place.bytes().all(|byte| byte.is_ascii_digit())),
            None => false,
        };
        self.0.iter().filter(|(key, _)| of_list(key)).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// `key=value&…`, decoded: what [`crate::FaultRule::query_contains`] looks into.
    pub(crate) fn decoded(&self) -> String {
        self.0.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    }

    /// The query again, encoded, with this page instead of its own.
    pub(crate) fn with_page(&self, page: usize) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.0.iter().filter(|(key, _)| key != "page"))
            .append_pair("page", &page.to_string())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_list_is_read() {
        for query in ["f[a]=1&f[a]=2", "f[a][]=1&f[a][]=2", "f[a][0]=1&f[a][1]=2", "f%5Ba%5D%5B%5D=1&f%5Ba%5D=2"] {
            assert_eq!(Params::read(query).values("f[a]"), ["1", "2"], "{query}");
        }
        assert!(Params::read("f[a][from]=1&f[ab]=2").values("f[a]").is_empty());
    }

    #[test]
    fn another_page_keeps_the_rest() {
        let params = Params::read("query=%2B7+916&page=2&limit=5");
        assert_eq!(params.get("query"), Some("+7 916"));
        assert_eq!(params.with_page(3), "query=%2B7+916&limit=5&page=3");
    }
}
