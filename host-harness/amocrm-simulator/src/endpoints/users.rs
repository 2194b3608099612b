//! `GET /api/v4/users` and `/api/v4/users/{id}`: for administrators' tokens only (amoCRM facts §3).

use serde_json::{Value, json};

use super::{Ask, Refusal, forbidden, nothing};
use crate::User;
use crate::paging::Page;

/// The largest page.
const MOST: usize = 250;

pub(super) fn list(ask: &Ask<'_>) -> Result<Value, Refusal> {
    administrators_only(ask)?;
    let page = Page::read(ask.params, 50, MOST)?;
    let all: Vec<&User> = ask.account.users.iter().collect();
    let (total, pages) = (all.len(), all.len().div_ceil(page.limit));
    let (users, more) = page.cut(all);
    if users.is_empty() {
        return Err(nothing());
    }
    Ok(json!({
        "_total_items": total,
        "_page": page.number,
        "_page_count": pages,
        "_links": page.links(&ask.href("/api/v4/users"), ask.params, more),
        "_embedded": {"users": users.iter().map(|user| entity(ask, user)).collect::<Vec<_>>()},
    }))
}

pub(super) fn one(ask: &Ask<'_>, id: u64) -> Result<Value, Refusal> {
    administrators_only(ask)?;
    ask.account.user(id).map(|user| entity(ask, user)).ok_or_else(nothing)
}

fn administrators_only(ask: &Ask<'_>) -> Result<(), Refusal> {
    if ask.account.behaviour.admin_token { Ok(()) } else { Err(forbidden()) }
}

fn entity(ask: &Ask<'_>, user: &User) -> Value {
    let all = json!({"view": "A", "edit": "A", "add": "A", "delete": "A", "export": "A"});
    let email =
        user.email.clone().unwrap_or_else(|| format!("user{}@{}.example", user.id, ask.account.account.subdomain));
    let mut embedded = json!({});
    if ask.with("role") {
        embedded["roles"] = json!([]);
    }
    if ask.with("group") {
        embedded["groups"] = json!([]);
    }
    let mut entity = json!({
        "id": user.id,
        "name": user.name,
        "email": email,
        "lang": user.lang,
        "rights": {
            "leads": all, "contacts": all, "companies": all,
            "tasks": {"edit": "A", "delete": "A"},
            "mail_access": false,
            "catalog_access": false,
            "is_admin": user.is_admin,
            "is_free": user.is_free,
            "is_active": user.is_active,
            "group_id": user.group_id,
            "role_id": null,
            "status_rights": null,
        },
        "_links": {"self": {"href": ask.href(&format!("/api/v4/users/{}", user.id))}},
        "_embedded": embedded,
    });
    for name in ["uuid", "amojo_id"] {
        if ask.with(name) {
            entity[name] = Value::Null;
        }
    }
    if ask.with("user_rank") {
        entity["user_rank"] = json!("newbie");
    }
    if ask.with("phone_number") {
        entity["phone_number"] = json!(user.phone_number);
    }
    entity
}
