//! What the help page promises an administrator, done in the browser.

use serde_json::json;
use test_support::CALLER;

use crate::{ENTER, Site, enter, listed, says};

/// The widths of a desk and of a telephone.
pub(crate) const WIDTHS: [(u32, u32); 2] = [(1280, 900), (390, 844)];

#[tokio::test(flavor = "multi_thread")]
async fn o1_the_operation_is_seen_with_its_title_its_exits_and_its_settings() {
    let site = Site::with(
        "",
        "[[operation]]\nid = \"manager\"\nlinked_operation = \"queue:sales\"\nsettings = { waiting_time = \"2s\" }\n\
         exits = { absent = \"voicemail:sales\", not-answered = \"operation:next\" }\n\
         [[operation]]\nid = \"next\"\nlinked_operation = \"queue:any\"\n",
    )
    .await;
    let Some(browser) = enter(&site, "ru").await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        browser.run("document.querySelector('nav a[href=\"#/scenario\"]').click()").await;
        browser.until("both steps are drawn", "return document.querySelectorAll('.exits').length === 2").await;
        let step = browser.text("#step-0").await;
        for part in [
            "Шаг 1. Переадресация на персонального менеджера из CRM",
            "Менеджер не на работе",
            "voicemail:sales",
            "Менеджер не ответил",
            "шаг 2: Переадресация на персонального менеджера из CRM",
            "Все остальные причины",
            "queue:sales",
            "Время ожидания",
            "2 с",
        ] {
            assert!(step.contains(part), "lacks {part}: {step}");
        }
        browser.keep_picture(&format!("wish-scenario-{width}")).await;
        browser.run("location.hash = '#/calls'").await;
    }
}

/// From the login to the reason, with the keyboard alone.
#[tokio::test(flavor = "multi_thread")]
async fn o4_why_a_call_went_elsewhere_is_read_with_the_keyboard_alone() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    site.call("+7 916 555-02-02", "101").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        listed(&browser, 2).await;
        browser.tab_to("#row-2").await;
        let outlined = "return getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(browser.run(outlined).await, json!("solid"), "the focus is seen");
        browser.press(ENTER).await;
        browser.until("the status", &says("#verdict", "Переадресация не удалась")).await;
        browser.until("the reason", &says("#verdict", "В amoCRM нет контакта с номером звонящего")).await;
        browser.until("where it went", &says("#verdict", "queue:sales")).await;
        browser.keep_picture(&format!("wish-reason-{width}")).await;
        browser.press(crate::ESCAPE).await;
        browser.until("it is closed", "return document.querySelector('#call') === null").await;
        browser.run("document.activeElement.blur()").await;
    }
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}
