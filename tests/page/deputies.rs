//! Who stands in for whom (rule E4) and how numbers ring, set in the browser.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::{CALLER, russian};

use crate::wishes::WIDTHS;
use crate::{Browser, Site, enter_at, go, looks, says};

/// What the field of the deputy is described by, where something is wrong with it.
const FAULT: &str = "[name=deputy][aria-invalid=true]";

async fn choose(browser: &Browser, deputy: &str) {
    browser.until("the form is there", "return document.querySelector('[name=deputy]') !== null").await;
    let choose = format!(
        "const list = document.querySelector('[name=deputy]'); list.value = {deputy:?}; list.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    );
    browser.run(&choose).await;
    browser.click(".form button.primary").await;
}

async fn deputies(site: &Site) -> Vec<Value> {
    let employees = site.get("/v1/integrations/main/employees").await["employees"].clone();
    employees.as_array().expect("a list").iter().map(|employee| employee["deputy"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn e4_a_deputy_is_set_and_rung_and_a_circle_is_refused_at_its_field() {
    let site = Site::start("", "queue:sales").await;
    let boris = json!({"name": "Борис", "amocrm_user": 504_142, "numbers": [{"number": "102"}]});
    let put = site.change(Method::PUT, "/v1/integrations/main/employees/boris", &boris).await;
    assert_eq!(put.status, StatusCode::CREATED, "{put:?}");
    let forward = json!({"settings": {"forward_to_deputy": true}});
    let patched = site.change(Method::PATCH, "/v1/operations/main", &forward).await;
    assert_eq!(patched.status, StatusCode::OK, "{patched:?}");
    let Some(browser) = enter_at(&site, "ru", "#/employees/main:anna").await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        // Anna is switched off, and Boris rings for her.
        choose(&browser, "boris").await;
        browser.until("it is saved", "return document.querySelector('[data-saving=saved]') !== null").await;
        assert_eq!(deputies(&site).await, [json!("boris"), Value::Null]);
        browser.run("document.querySelector('.form .check input').click()").await;
        browser.click(".form button.primary").await;
        let off = "return document.querySelector('[data-saving=saved]') !== null && !document.querySelector('.form .check input').checked";
        browser.until("she is off", off).await;
        let answer: Value = serde_json::from_str(&site.call(CALLER, "101").await).expect("a call document");
        assert_eq!(answer["route"]["employee"]["id"], json!("boris"), "{answer}");

        // The reason for it is told in words.
        go(&browser, "#/calls").await;
        browser.until("calls are listed", "return document.querySelector('#calls .row') !== null").await;
        browser.run("document.querySelector('#calls .row').click()").await;
        browser.until("it is in words", &says("#facts", "Сотрудник отключён в АТС")).await;
        assert!(!browser.text("#facts").await.contains("employee-off"));

        // Boris cannot have Anna for his deputy then: the field says so, and nothing changes.
        go(&browser, "#/employees/main:boris").await;
        browser.until("the form of Boris is there", &says("h1", "Борис")).await;
        choose(&browser, "anna").await;
        browser
            .until("it is refused at its field", &format!("return document.querySelector({FAULT:?}) !== null"))
            .await;
        let described = format!("document.querySelector({FAULT:?}).getAttribute('aria-describedby').split(' ')");
        let said = browser
            .run(&format!("return {described}.map((id) => document.getElementById(id).innerText).join(' ')"))
            .await;
        let said = said.as_str().expect("a text");
        assert!(said.contains("заместители идут по кругу, `anna` → `boris` → `anna`"), "{said}");
        assert!(!said.contains("host-harness.toml"), "the field is the place: {said}");
        russian::assert_russian(said);
        assert_eq!(deputies(&site).await, [json!("boris"), Value::Null]);
        browser.keep_picture(&format!("deputies-circle-{width}")).await;
        looks::check(&browser, &format!("deputies-circle-{width}")).await;

        // As it was.
        let discard = "[...document.querySelectorAll('.form button')].find((button) => button.textContent === 'Отменить правки').click()";
        browser.run(discard).await;
        let anna = json!({"name": "Анна", "amocrm_user": 504_141, "enabled": true, "numbers": [{"number": "101"}]});
        let put = site.change(Method::PUT, "/v1/integrations/main/employees/anna", &anna).await;
        assert_eq!(put.status, StatusCode::OK, "{put:?}");
        go(&browser, "#/employees/main:anna").await;
        browser.until("the form of Anna is there", &says("h1", "Анна")).await;
    }
    assert_eq!(browser.complaints(&["401", "422"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_ring_together_where_that_is_chosen() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/employees/main:anna").await else { return };
    browser.until("the form is there", "return document.querySelector('[name=ring]')?.value === 'in-turn'").await;
    let choose = "const list = document.querySelector('[name=ring]'); list.value = [...list.options].find(option => option.text === 'Сразу на все номера').value; list.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.run(choose).await;
    browser.click(".form button.primary").await;
    browser.until("it is saved", "return document.querySelector('[data-saving=saved]') !== null").await;
    assert!(site.configuration().contains("ring = \"together\""), "{}", site.configuration());
    let answer: Value = serde_json::from_str(&site.call(CALLER, "101").await).expect("a call document");
    assert_eq!(answer["route"]["ring"], "together", "{answer}");
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}
