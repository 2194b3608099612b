"""The webhook that somebody writes by hand with FastAPI: it asks amoCRM whose contact the caller is, and keeps the answer for six hours."""

import os
import re
import time

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

SIX_HOURS = 6 * 60 * 60
EMPLOYEES = {504141: {"id": "anna", "name": "Анна Соколова", "numbers": [("101", 20), ("+79035550101", 25)]}}

app = FastAPI()
kept: dict[str, tuple[int, int, float]] = {}
amocrm = httpx.AsyncClient(
    base_url=os.environ["ACCOUNT"], headers={"authorization": f"Bearer {os.environ['AMOCRM_TOKEN']}"}, timeout=3
)


class Call(BaseModel):
    id: str | None = None
    caller: str | None = None
    called: str | None = None


async def find(digits: str):
    known = kept.get(digits)
    if known and known[2] > time.monotonic():
        return known[0], known[1], "cache"
    answer = await amocrm.get("/api/v4/contacts", params={"query": digits})
    if answer.status_code == 204:
        return None
    answer.raise_for_status()
    for contact in answer.json()["_embedded"]["contacts"]:
        fields = contact.get("custom_fields_values") or []
        phones = [value["value"] for field in fields if field.get("field_code") == "PHONE" for value in field["values"]]
        if any(re.sub(r"\D", "", phone).endswith(digits) for phone in phones):
            user, contact_id = contact["responsible_user_id"], contact["id"]
            kept[digits] = (user, contact_id, time.monotonic() + SIX_HOURS)
            return user, contact_id, "crm"
    return None


def linked(code: str):
    return {"route": {"kind": "linked-operation", "target": "queue:sales"}, "reason": {"code": code}}


@app.post("/v1/resolve-call")
async def resolve_call(call: Call):
    asked = {"version": 1, "call": {"id": call.id, "called": call.called}}
    digits = re.sub(r"\D", "", call.caller or "")[-10:]
    if len(digits) < 10:
        return asked | linked("caller-unusable")
    try:
        found = await find(digits)
    except httpx.HTTPError:
        return asked | linked("crm-unreachable")
    if found is None:
        return asked | linked("contact-not-found")
    user, contact, source = found
    employee = EMPLOYEES.get(user)
    if employee is None:
        return asked | linked("manager-has-no-employee")
    numbers = [{"number": number, "ring_seconds": seconds} for number, seconds in employee["numbers"]]
    named = {"id": employee["id"], "name": employee["name"]}
    route = {"kind": "forward", "employee": named, "numbers": numbers, "then": "queue:sales"}
    details = {"manager_source": source, "manager_user_id": user, "contact_id": contact}
    return asked | {"route": route, "reason": None, "details": details}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
