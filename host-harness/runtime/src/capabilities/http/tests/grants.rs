//! What is granted and what is not: the allow-list, addresses after DNS, the token and its origin.

use std::io;
use std::net::IpAddr;

use super::super::account_requests::{AccountRequest, AccountRequests};
use super::super::resolver::{Lookup, ResolveError, Resolver};
use super::server::{Server, ok};
use super::*;

#[tokio::test]
async fn the_allow_list_compares_scheme_host_and_port_and_nothing_else_gets_through() {
    const GRANTED: &str = "https://demo.crm.example";
    let list = super::super::allow_list::AllowList::new(vec![GRANTED.parse().unwrap()]);
    for same in [
        "https://demo.crm.example",
        "https://DEMO.Crm.Example/x",
        "https://demo.crm.example:443",
        "https://demo.crm.example.:443/a?b=@",
    ] {
        assert_eq!(list.judge(&get(same), None).unwrap().to_string(), GRANTED, "{same}");
    }
    let mut call = call(config(&[GRANTED]));
    for other in [
        "http://demo.crm.example",
        "https://demo.crm.example:8443",
        "https://demo.crm.example:80",
        "https://api.demo.crm.example",
        "https://crm.example",
        "https://demo.crm.test",
        "https://demo.crm.example.evil.example",
        "https://evildemo.crm.example",
        "https://demo.crm.example@evil.example",
        "https://demo.crm.example:443@evil.example/",
        "https://user@demo.crm.example",
        "https://user:pw@demo.crm.example",
        "https://@demo.crm.example",
        "https://evil.example/demo.crm.example",
        "https://evil.example/@demo.crm.example",
        "https://evil.example?demo.crm.example",
        "https://demo.crm.example:",
        "https://127.0.0.1",
        "https://demo.crm.example..",
        "wss://demo.crm.example",
    ] {
        assert_eq!(name(send(&mut call, get(other)).await), "HttpRequestDenied", "{other}");
    }
    for number in 0..20 {
        send(&mut call, get(&format!("https://{number}.example"))).await.unwrap_err();
    }
    assert_eq!(call.denials().len(), 16, "only so many are kept");
}

#[tokio::test]
async fn an_empty_allow_list_grants_nothing() {
    assert_eq!(name(send(&mut call(config(&[])), get("https://demo.crm.example")).await), "HttpRequestDenied");
}

#[tokio::test]
async fn a_denial_shows_the_line_that_would_grant_it() {
    let mut call =
        call(OutboundHttpConfig { private_addresses: PrivateAddresses::Refused, ..config(&["http://10.0.0.1"]) });
    for uri in ["https://other.example:8443/a?secret", "https://other.example:8443/b", "http://10.0.0.1/"] {
        send(&mut call, get(uri)).await.unwrap_err();
    }
    let lines: Vec<_> = call.denials().iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("add \"https://other.example:8443\" to `granted`"), "{}", lines[0]);
    assert!(lines[1].contains("private_addresses = \"granted\""), "{}", lines[1]);
}

#[tokio::test]
async fn only_what_is_granted_is_asked_with_the_access_token() {
    let (account, other) = (Server::start(|_| ok("")).await, Server::start(|_| ok("")).await);
    let account_requests = AccountRequests::only([AccountRequest::get("/api/v4/")]);
    let config = with_token(&[&other.origin()], &account.origin());
    let mut call = call(OutboundHttpConfig { account_requests, ..config });
    let asked = |method: &str, uri: String| {
        let mut request = get(&uri);
        *request.method_mut() = method.parse().unwrap();
        request
    };
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let request = asked(method, account.uri("/api/v4/contacts/79165550101"));
        assert_eq!(name(send(&mut call, request).await), "HttpRequestDenied", "{method}");
    }
    for path in ["/", "/oauth2/access_token", "/api/v4/../v2/x"] {
        assert_eq!(name(send(&mut call, asked("GET", account.uri(path))).await), "HttpRequestDenied", "{path}");
    }
    assert_eq!(account.seen().len(), 0, "nothing of it left the host");
    let told: Vec<_> = call.denials().iter().map(ToString::to_string).collect();
    assert!(told[0].contains("add \"POST /api/v4/contacts\" to `account_requests`"), "{told:?}");
    for (method, uri) in [
        ("GET", account.uri("/api/v4/contacts?query=9165550101")),
        ("HEAD", account.uri("/api/v4/account")),
        // The token does not go to other servers, and neither does the bound.
        ("POST", other.uri("/anything")),
    ] {
        assert!(send(&mut call, asked(method, uri)).await.is_ok(), "{method}");
    }
}

#[tokio::test]
async fn headers_of_the_host_and_dangerous_methods_are_denied_even_to_a_granted_origin() {
    let server = Server::start(|_| ok("")).await;
    let mut call = call(with_token(&[&server.origin()], &server.origin()));
    for header in [
        "authorization",
        "Authorization",
        "proxy-authorization",
        "cookie",
        "expect",
        "te",
        "trailer",
        "X-HTTP-Method-Override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    ] {
        let mut request = get(&server.uri("/"));
        request.headers_mut().insert(http::HeaderName::try_from(header).unwrap(), "Bearer mine".parse().unwrap());
        assert_eq!(name(send(&mut call, request).await), "HttpRequestDenied", "{header}");
    }
    for method in ["TRACE", "CONNECT", "TRACK", "get"] {
        let mut request = get(&server.uri("/"));
        *request.method_mut() = method.parse().unwrap();
        assert_eq!(name(send(&mut call, request).await), "HttpRequestDenied", "{method}");
    }
    assert!(server.seen().is_empty());
    assert!(call.denials().iter().any(|denial| denial.to_string().contains("the header authorization")));
}

#[tokio::test]
async fn the_token_goes_to_exactly_one_origin_and_is_nowhere_to_be_read() {
    let (account, other) = (Server::start(|_| ok("")).await, Server::start(|_| ok("")).await);
    let config = with_token(&[&account.origin(), &other.origin()], &account.origin());
    assert!(!format!("{config:?}").contains(TOKEN));
    let http = outbound(config);
    let mut call = http.for_call(Instant::now() + Duration::from_secs(30));
    fetch(&mut call, get(&account.uri("/api"))).await.unwrap();
    fetch(&mut call, get(&other.uri("/api"))).await.unwrap();
    assert!(account.seen()[0].head.contains(&format!("authorization: bearer {TOKEN}\r\n").to_ascii_lowercase()));
    assert!(!other.seen()[0].head.contains("authorization"));
    assert!(!format!("{http:?} {call:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_refused_without_being_shown() {
    let token = Secret::new(format!("{TOKEN}\nx"));
    let error = AccessToken::new("https://demo.crm.example".parse().unwrap(), &token).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
}

/// Answers every name with these addresses, as a DNS in the wrong hands would.
struct Answers(io::Result<Vec<&'static str>>);

#[async_trait::async_trait]
impl Lookup for Answers {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        match &self.0 {
            Ok(addresses) => Ok(addresses.iter().map(|address| address.parse().unwrap()).collect()),
            Err(error) => Err(error.kind().into()),
        }
    }
}

async fn ask_through(
    answers: io::Result<Vec<&'static str>>,
    private: PrivateAddresses,
    port: u16,
) -> (String, Vec<String>) {
    let origin = format!("http://demo.crm.example:{port}");
    let config = OutboundHttpConfig { private_addresses: private, ..config(&[&origin]) };
    let http = OutboundHttp::with_lookup(config, Arc::new(Answers(answers))).unwrap();
    let mut call = http.for_call(Instant::now() + Duration::from_secs(30));
    let outcome = name(fetch(&mut call, get(&format!("{origin}/"))).await);
    (outcome, call.denials().iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn a_granted_name_that_leads_to_this_machine_is_refused_after_dns() {
    let server = Server::start(|_| ok("")).await;
    let port = server.address.port();
    let (outcome, denials) = ask_through(Ok(vec!["127.0.0.1"]), PrivateAddresses::Refused, port).await;
    assert_eq!(outcome, "DestinationIpProhibited");
    assert!(
        denials[0].contains("leads to 127.0.0.1, an address of this machine")
            && denials[0].contains("private_addresses"),
        "{denials:?}"
    );
    for address in ["::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"] {
        let (outcome, _) = ask_through(Ok(vec![address]), PrivateAddresses::Refused, port).await;
        assert_eq!(outcome, "DestinationIpProhibited", "{address}");
    }
    assert!(server.seen().is_empty());
    let (outcome, denials) = ask_through(Ok(vec!["127.0.0.1"]), PrivateAddresses::Granted, port).await;
    assert_eq!((outcome.as_str(), denials.len()), ("ok", 0));
    let (outcome, denials) = ask_through(Ok(vec!["169.254.169.254"]), PrivateAddresses::Granted, port).await;
    assert_eq!(outcome, "DestinationIpProhibited");
    assert!(denials[0].contains("never granted"), "{denials:?}");
}

#[tokio::test]
async fn a_name_without_addresses_is_a_dns_error() {
    for answers in [Ok(vec![]), Err(io::ErrorKind::NotFound.into())] {
        let (outcome, denials) = ask_through(answers, PrivateAddresses::Refused, 80).await;
        assert!(outcome.starts_with("DnsError"), "{outcome}");
        assert!(denials.is_empty());
    }
}

#[tokio::test]
async fn only_the_permitted_addresses_of_a_name_are_used() {
    let lookup = Arc::new(Answers(Ok(vec!["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"])));
    let permitted = Resolver::new(lookup.clone(), PrivateAddresses::Refused).resolve("x").await.unwrap();
    assert_eq!(permitted, ["1.1.1.1".parse::<IpAddr>().unwrap(), "2606:4700::1111".parse().unwrap()]);
    assert_eq!(Resolver::new(lookup, PrivateAddresses::Granted).resolve("x").await.unwrap().len(), 4);
    let refused = Resolver::new(Arc::new(Answers(Ok(vec!["127.0.0.1"]))), PrivateAddresses::Refused).resolve("x").await;
    assert!(matches!(refused, Err(ResolveError::Prohibited { .. })));
}

#[tokio::test]
async fn an_address_literal_is_judged_too_in_whatever_notation() {
    for origin in [
        "http://127.0.0.1",
        "http://[::1]",
        "http://[::ffff:7f00:1]",
        "http://192.168.0.1:8080",
        "https://169.254.169.254",
    ] {
        let mut call = call(OutboundHttpConfig { private_addresses: PrivateAddresses::Refused, ..config(&[origin]) });
        assert_eq!(name(send(&mut call, get(&format!("{origin}/"))).await), "DestinationIpProhibited", "{origin}");
    }
    let mut call =
        call(OutboundHttpConfig { private_addresses: PrivateAddresses::Refused, ..config(&["http://127.0.0.1"]) });
    assert_eq!(name(send(&mut call, get("http://0x7f000001/")).await), "DestinationIpProhibited");
}

#[tokio::test]
async fn a_call_makes_only_so_many_requests() {
    let server = Server::start(|_| ok("")).await;
    let mut call = call(config(&[&server.origin()]));
    for _ in 0..64 {
        fetch(&mut call, get(&server.uri("/"))).await.unwrap();
    }
    assert_eq!(name(send(&mut call, get(&server.uri("/"))).await), "ConnectionLimitReached");
    assert_eq!(server.seen().len(), 64);
}
