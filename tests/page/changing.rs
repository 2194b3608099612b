//! What an administrator changes in the browser: it takes effect at the next call, and is written into the file.

use http::Method;
use serde_json::{Value, json};
use test_support::{CALLER, russian};

use crate::wishes::WIDTHS;
use crate::{Browser, ENTER, Site, enter, enter_at, go, looks, says};

/// Replaces what a field has.
async fn fill(browser: &Browser, selector: &str, text: &str) {
    browser.run(&format!("const field = document.querySelector({selector:?}); field.focus(); field.select()")).await;
    browser.press(text).await;
}

async fn saved(browser: &Browser) {
    browser.until("it is saved", "return document.querySelector('[data-saving=saved]') !== null").await;
}

async fn shown(browser: &Browser, selector: &str) {
    browser.until(selector, &format!("return document.querySelector({selector:?}) !== null")).await;
}

fn document(answer: &str) -> Value {
    serde_json::from_str(answer).expect("a call document")
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_a_step_is_added_to_the_scenario_and_deleted() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/scenario").await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        let id = format!("step-{width}");
        shown(&browser, "#add").await;
        browser.click("#add").await;
        shown(&browser, ".form").await;
        browser.write(".form input:not([placeholder])", &id).await;
        browser.write(".form input[placeholder]", "queue:second").await;
        browser.keep_picture(&format!("wish-add-{width}")).await;
        browser.click(".form button.primary").await;
        browser.until("its form is open", &format!("return location.hash === '#/scenario/{id}'")).await;
        assert!(site.configuration().contains(&format!("id = \"{id}\"")), "{}", site.configuration());
        let answer = site.ask(&json!({"caller": "", "called": "101", "operation": id})).await;
        assert_eq!(document(&answer)["route"]["target"], json!("queue:second"));
        shown(&browser, "button.danger").await;
        browser.click("button.danger").await;
        browser.click("dialog .confirm").await;
        browser
            .until(
                "it is gone",
                "return location.hash === '#/scenario' && document.querySelectorAll('.step-card').length === 1",
            )
            .await;
        assert!(!site.configuration().contains(&id), "{}", site.configuration());
    }
}

/// It asks amoCRM nothing, so it may be added while the integration is off.
#[tokio::test(flavor = "multi_thread")]
async fn e3_working_hours_are_added_and_their_week_is_written() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/scenario?new=1").await else { return };
    shown(&browser, ".form select").await;
    let choose = "const list = document.querySelector('.form select'); list.value = 'working-hours'; \
                  list.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.run(choose).await;
    browser.write(".form input:not([placeholder])", "hours").await;
    browser.write(".form input[placeholder]", "voicemail:night").await;
    browser.click(".form button.primary").await;
    shown(&browser, "textarea[name=week]").await;
    browser.until("the week is missing", &says(".form", "Часы недели")).await;
    browser.write("textarea[name=week]", "daily 00:00-24:00").await;
    browser.write("input[name=time_zone]", "Europe/Moscow").await;
    browser.click(".form button.primary").await;
    saved(&browser).await;
    assert!(site.configuration().contains("component = \"working-hours\""), "{}", site.configuration());
    let answer = site.ask(&json!({"caller": CALLER, "called": "101", "operation": "hours"})).await;
    assert_eq!(document(&answer)["reason"]["code"], json!("in-hours"), "{answer}");
}

/// With the keyboard alone.
#[tokio::test(flavor = "multi_thread")]
async fn o3_the_waiting_time_is_set_with_the_keyboard_alone() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    for ((width, height), (typed, milliseconds)) in WIDTHS.into_iter().zip([("2,5", 2_500), ("1", 1_000)]) {
        browser.look(width, height, "light").await;
        browser.tab_to("nav a[href='#/scenario']").await;
        browser.press(ENTER).await;
        shown(&browser, ".step-card").await;
        browser.tab_to(".step-card a.button[href='#/scenario/main']").await;
        browser.press(ENTER).await;
        shown(&browser, "[name=waiting_time]").await;
        browser.tab_to("[name=waiting_time]").await;
        // Tab selects what a field has, so that what is typed takes its place.
        browser.press("0").await;
        browser.until("it is checked while typing", &says(".form", "От 500 мс до 30 с")).await;
        assert_eq!(browser.run("return document.querySelector('.form button.primary').disabled").await, json!(true));
        browser.press(&format!("\u{e003}{typed}{ENTER}")).await;
        saved(&browser).await;
        browser.keep_picture(&format!("wish-waiting-time-{width}")).await;
        let answer = document(&site.call(CALLER, "101").await);
        assert_eq!(answer["details"]["waiting_time_ms"], json!(milliseconds));
        go(&browser, "#/calls").await;
    }
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_the_linked_operation_and_an_exit_of_its_own_are_chosen() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/scenario/main").await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        shown(&browser, ".form .target input").await;
        let queue = format!("queue:{width}");
        fill(&browser, ".form .target input", &queue).await;
        let exits = browser.run("return document.querySelectorAll('.exit').length").await;
        if exits == json!(0) {
            let choose = "const list = [...document.querySelectorAll('fieldset select')].at(-1); list.value = 'caller-hidden'; \
                          list.dispatchEvent(new Event('change', { bubbles: true }))";
            browser.run(choose).await;
            shown(&browser, ".exit input").await;
        }
        fill(&browser, ".exit input", &format!("voicemail:{width}")).await;
        browser.click(".form button.primary").await;
        saved(&browser).await;
        browser.keep_picture(&format!("wish-linked-operation-{width}")).await;
        let target = async |caller: &str| document(&site.call(caller, "101").await)["route"]["target"].clone();
        assert_eq!(target("+7 916 555-02-02").await, json!(queue));
        assert_eq!(target("anonymous").await, json!(format!("voicemail:{width}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_the_manager_status_is_considered_when_it_is_ticked() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/integration").await else { return };
    let tick = "[...document.querySelectorAll('.check')].find(field => field.innerText.includes('Учитывать статус персонального менеджера')).querySelector('input')";
    for ((width, height), considered) in WIDTHS.into_iter().zip([true, false]) {
        browser.look(width, height, "light").await;
        shown(&browser, ".check").await;
        browser.run(&format!("{tick}.click()")).await;
        browser.click(".form button.primary").await;
        saved(&browser).await;
        browser.keep_picture(&format!("wish-status-{width}")).await;
        let status = document(&site.call(CALLER, "101").await)["details"]["manager_status"].clone();
        assert_eq!(status.is_string(), considered, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o6_the_integration_is_switched_off_and_on_again() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/integration").await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        for is_on in [false, true] {
            shown(&browser, ".check").await;
            browser.run("document.querySelector('.check input').click()").await;
            browser.click(".form button.primary").await;
            saved(&browser).await;
            let answer = document(&site.call(CALLER, "101").await);
            let reason = if is_on { Value::Null } else { json!("integration-off") };
            assert_eq!(answer["reason"].get("code").cloned().unwrap_or_default(), reason, "{answer}");
            let level = if is_on { "good" } else { "warn" };
            browser.until(level, &format!("return document.querySelector('#live').dataset.level === {level:?}")).await;
            browser.keep_picture(&format!("wish-integration-{is_on}-{width}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d05_an_employee_is_added_with_a_number_and_a_wrong_one_is_told_at_its_field() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/employees/main:anna").await else { return };
    shown(&browser, ".number input").await;
    fill(&browser, ".number input", "not a number").await;
    browser.click(".form button.primary").await;
    shown(&browser, "[data-saving=refused]").await;
    browser.until("at its field", "return document.querySelector('.number .wrong').innerText !== ''").await;
    looks::everywhere(&browser, "employee-refused", "ru").await;
    fill(&browser, ".number input", "109").await;
    browser.click(".form button.primary").await;
    saved(&browser).await;
    assert_eq!(document(&site.call(CALLER, "101").await)["route"]["numbers"][0]["number"], json!("109"));
    go(&browser, "#/employees?new=1").await;
    shown(&browser, ".form").await;
    let fields = "document.querySelectorAll('.form input')";
    for (at, text) in ["boris", "Борис", "504142", "102"].iter().enumerate() {
        browser.run(&format!("{fields}[{at}].focus()")).await;
        browser.press(text).await;
    }
    browser.click(".form button.primary").await;
    browser.until("its form is open", "return location.hash === '#/employees/main:boris'").await;
    assert!(site.configuration().contains("amocrm_user = 504142"), "{}", site.configuration());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_at_once_overwrite_nothing() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/scenario/main").await else { return };
    let other = enter_at(&site, "en", "#/scenario/main").await.expect("another browser");
    for one in [&browser, &other] {
        shown(one, "[name=waiting_time]").await;
    }
    fill(&other, ".form .target input", "queue:other").await;
    fill(&other, "[name=waiting_time]", "4").await;
    other.click(".form button.primary").await;
    saved(&other).await;
    fill(&browser, "[name=waiting_time]", "2").await;
    browser.click(".form button.primary").await;
    shown(&browser, "[data-saving=conflict]").await;
    let told = browser.text("[data-saving=conflict]").await;
    for part in ["изменил кто-то другой", "Связанная операция: queue:sales → queue:other", "Время ожидания: 3 с → 4 с"]
    {
        assert!(told.contains(part), "lacks {part}: {told}");
    }
    assert_eq!(
        browser.run("return document.querySelector('[name=waiting_time]').value").await,
        json!("2"),
        "it is kept"
    );
    let seen = "const box = document.querySelector('[data-saving=conflict]').getBoundingClientRect(); \
                return box.top >= 0 && box.bottom <= innerHeight";
    browser.until("it is in sight", seen).await;
    looks::everywhere(&browser, "conflict", "ru").await;
    browser.click(".form button.primary").await;
    saved(&browser).await;
    let answer = document(&site.call("+7 916 555-02-02", "101").await);
    assert_eq!(answer["details"]["waiting_time_ms"], json!(2_000));
    assert_eq!(answer["route"]["target"], json!("queue:other"), "what the other one changed stays");
    // Something else was changed meanwhile: that is in nobody's way.
    go(&other, "#/integration").await;
    shown(&other, ".check").await;
    other.run("document.querySelectorAll('.check input')[1].click()").await;
    other.click(".form button.primary").await;
    saved(&other).await;
    fill(&browser, "[name=waiting_time]", "3").await;
    browser.click(".form button.primary").await;
    saved(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_changed_is_told_as_the_forms_have_it() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/integration").await else { return };
    let reuse = "[name=manager_status_reuse_seconds]";
    shown(&browser, reuse).await;
    fill(&browser, reuse, "60").await;
    let integration =
        json!({"enabled": false, "configuration": {"consider_manager_status": true}, "time_zone": "Asia/Omsk"});
    assert!(site.change(Method::PATCH, "/v1/integrations/main", &integration).await.status.is_success());
    browser.click(".form button.primary").await;
    shown(&browser, "[data-saving=conflict]").await;
    let told = browser.text("[data-saving=conflict]").await;
    for part in ["Интеграция включена: да → нет", "Учитывать статус персонального менеджера: нет → да", "— → Asia/Omsk"]
    {
        assert!(told.contains(part), "lacks {part}: {told}");
    }
    russian::assert_russian(&told.replace("Asia/Omsk", ""));

    go(&browser, "#/employees/main:anna").await;
    shown(&browser, ".number input").await;
    fill(&browser, ".number input", "109").await;
    let employee = json!({"name": "Анна", "amocrm_user": 504_141, "enabled": false, "numbers": [{"number": "102", "ring_time": "30s"}]});
    assert!(site.change(Method::PUT, "/v1/integrations/main/employees/anna", &employee).await.status.is_success());
    browser.click(".form button.primary").await;
    shown(&browser, "[data-saving=conflict]").await;
    let told = browser.text("[data-saving=conflict]").await;
    for part in ["да → нет", "→ 102 (30 с)"] {
        assert!(told.contains(part), "lacks {part}: {told}");
    }
    russian::assert_russian(&told);
    looks::everywhere(&browser, "conflict-employee", "ru").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_while_saving_is_told_as_it_went() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/scenario/main").await else { return };
    shown(&browser, "[name=waiting_time]").await;
    // The answer is lost, after the change was made or before.
    let lose = |after: bool| {
        format!(
            "const whole = window.fetch; window.fetch = async (path, options) => {{ \
               if (options?.method !== 'PATCH') return whole(path, options); \
               window.fetch = whole; if ({after}) await whole(path, options); throw new TypeError('lost'); }}"
        )
    };
    browser.run(&lose(false)).await;
    fill(&browser, "[name=waiting_time]", "2").await;
    browser.click(".form button.primary").await;
    browser.until("it was not saved", &says("[data-saving=notSaved]", "Не сохранено")).await;
    assert_eq!(
        browser.run("return document.querySelector('[name=waiting_time]').value").await,
        json!("2"),
        "it is kept"
    );
    browser.run(&lose(true)).await;
    browser.click(".form button.primary").await;
    saved(&browser).await;
    assert_eq!(document(&site.call(CALLER, "101").await)["details"]["waiting_time_ms"], json!(2_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_listed_with_its_difference_and_undone() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter_at(&site, "ru", "#/scenario/main").await else { return };
    shown(&browser, ".form .target input").await;
    fill(&browser, ".form .target input", "queue:changed").await;
    browser.click(".form button.primary").await;
    saved(&browser).await;
    go(&browser, "#/changes").await;
    browser.until("it is listed", &says("#changes", "+linked_operation = ")).await;
    browser.until("by the page", &says("#changes", "на странице")).await;
    browser.keep_picture("changes").await;
    browser.click("#changes button.danger").await;
    browser.click("dialog .confirm").await;
    browser.until("it is undone", &says("#changes", "отмена изменения")).await;
    browser.until("both say so", &says("#changes", "Отменяет изменение № 1.")).await;
    browser.until("both say so", &says("#changes", "Отменено изменением № 2.")).await;
    assert_eq!(
        browser.run("return document.querySelectorAll('#changes button.danger').length").await,
        json!(1),
        "once"
    );
    looks::everywhere(&browser, "changes-undone", "ru").await;
    assert!(site.configuration().contains("queue:sales"), "{}", site.configuration());
    assert_eq!(document(&site.call("", "101").await)["route"]["target"], json!("queue:sales"));
}
