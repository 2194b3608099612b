//! Who may push and pull: credentials from the files in which `docker login` keeps them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use test_support::{Ended, Home};

use super::server::Registry;

const USER: &str = "pusher";
const PASSWORD: &str = "a-password-of-the-tests";
/// The same for the registry: bcrypt of the least cost.
const HASHED: &str = "$2b$04$NpudWaysiqWez6vMfJPA.OjlcnHCIqal09zjex3l2a0VXe9ZBFjYu";

/// A file of credentials for this registry.
fn file(registry: &str, password: &str) -> String {
    json!({"auths": {registry: {"auth": STANDARD.encode(format!("{USER}:{password}"))}}}).to_string()
}

/// What came of pushing and pulling in this home; no part of it may hold the password.
fn pushed(home: &Home, registry: &Registry, credentials: Option<&str>) -> Ended {
    let mut push = home.command(["push", &registry.reference("forward:1")]);
    if let Some(credentials) = credentials {
        push.env("REGISTRY_AUTH_FILE", home.path(credentials));
    }
    let ended = Ended::of(push.output().expect("the binary starts"));
    let encoded = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for secret in [PASSWORD, &encoded] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
    }
    ended
}

#[test]
fn a_registry_is_shown_the_credentials_of_docker_login() {
    let users = tempfile::tempdir().expect("a folder");
    let htpasswd = users.path().join("htpasswd");
    std::fs::write(&htpasswd, format!("{USER}:{HASHED}\n")).expect("a file");
    let auth = format!("auth: {{htpasswd: {{realm: tests, path: {}}}}}\n", htpasswd.display());
    let Some(registry) = Registry::start(&auth) else { return };
    let server = registry.reference("");
    let server = server.trim_end_matches('/');
    let home = Home::new();
    pushed(&home, &registry, None).assert(2, &["log in: docker login", "REGISTRY_AUTH_FILE"]);
    // That of another registry is for that one alone.
    home.write_secret("other.json", &file("registry.example.com", PASSWORD));
    pushed(&home, &registry, Some("other.json")).assert(2, &["log in: docker login"]);
    home.write_secret("wrong.json", &file(server, "another-password"));
    pushed(&home, &registry, Some("wrong.json")).assert(2, &["the registry refuses"]);
    home.write_secret("broken.json", "{\"auths\": {\"");
    pushed(&home, &registry, Some("broken.json")).assert(2, &["broken.json is no file of credentials"]);
    home.write_secret("right.json", &file(server, PASSWORD));
    pushed(&home, &registry, Some("right.json")).assert(0, &[]);
    // Where docker keeps it, and with the scheme that it once wrote.
    std::fs::create_dir(home.path(".docker")).expect("a folder");
    home.write_secret(".docker/config.json", &file(&format!("http://{server}"), PASSWORD));
    pushed(&home, &registry, None).assert(0, &[]);
    home.run(["pull", &registry.reference("forward:1"), "pulled.wasm"]).assert(0, &[]);
}
