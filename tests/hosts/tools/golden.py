"""The operation alone in the newest wasmtime: a call a line on standard input, its resolution a line on standard output.

The clock is the call's, and what is kept is kept by the name that the call comes with."""

import json
import re
import sys

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, ResourceHost, ResourceType, Variant

BUCKET = 7  # any number: it tells this type of resource from others


def record(**fields):
    made = Record()
    made.__dict__.update({name.replace("_", "-"): value for name, value in fields.items()})
    return made


def variant(written):
    payload = written.get("val")
    if isinstance(payload, list):
        return Variant(written["tag"], [variant(item) for item in payload])
    return Variant(written["tag"], record(**payload) if isinstance(payload, dict) else payload)


def datetime(milliseconds):
    return record(seconds=milliseconds // 1000, nanoseconds=milliseconds % 1000 * 1_000_000)


def employee(written):
    return record(
        id=written["id"],
        name=written["name"],
        enabled=written["enabled"],
        destinations=[record(number=one["number"], ring_time=one["ringTime"]) for one in written["destinations"]],
        presence=variant(written["presence"]),
        deputy_crm_user_id=written.get("deputyCrmUserId"),
    )


def written(value):
    """Values of the contract as JSON has them: the names of JavaScript."""
    if isinstance(value, Record):
        camel = lambda name: re.sub("-(.)", lambda found: found[1].upper(), name)
        return {camel(name): written(field) for name, field in value.__dict__.items()}
    if isinstance(value, Variant):
        return {"tag": value.tag, "val": written(value.payload)}
    return [written(item) for item in value] if isinstance(value, list) else value


def last_talk(_store, _days):
    # The library cannot say an error of this function: it is a text beside an option.
    raise RuntimeError("this host does not keep who talked to whom")


class Host:
    def __init__(self, component):
        self.engine = Engine(Config())
        with open(component, "rb") as file:
            self.component = Component(self.engine, file.read())
        self.stores = {}

    def resolve(self, asked):
        kept = self.stores.setdefault(asked["kept"], {})
        linker = Linker(self.engine)
        linker.allow_shadowing = True
        linker.add_wasip2()
        linker.add_wasi_http()

        def bucket(answer):
            def function(store, borrowed, *arguments):
                # A borrowed handle is to be given back.
                borrowed.drop(store)
                return answer(*arguments)

            return function

        with linker.root() as root:
            with root.add_instance("wasi:clocks/wall-clock@0.2.3") as clock:
                clock.add_func("now", lambda _store: datetime(asked["at"]))
                clock.add_func("resolution", lambda _store: datetime(1))
            with root.add_instance("wasi:config/store@0.2.0-rc.1") as config:
                config.add_func("get", lambda _store, key: asked["configuration"].get(key))
            with root.add_instance("wasi:keyvalue/store@0.2.0-draft") as store:
                store.add_resource("bucket", ResourceType.host(BUCKET), lambda _store, _bucket: None)
                store.add_func("open", lambda store, _name: ResourceHost.own(1, BUCKET).to_any(store))
                store.add_func("[method]bucket.get", bucket(kept.get))
                store.add_func("[method]bucket.set", bucket(kept.__setitem__))
                store.add_func("[method]bucket.exists", bucket(kept.__contains__))
                store.add_func("[method]bucket.delete", bucket(lambda key: kept.pop(key, None) and None))
            with root.add_instance("telephony:operation/directory@0.2.0") as directory:
                found = lambda user: asked["employees"].get(str(user))
                directory.add_func(
                    "find-by-crm-user", lambda _store, user: employee(found(user)) if found(user) else None
                )
                directory.add_func("find-last-talk", last_talk)

        store = Store(self.engine)
        store.set_wasi(WasiConfig())
        store.set_wasi_http()
        instance = linker.instantiate(store, self.component)
        operation = instance.get_export_index(store, "telephony:operation/operation@0.2.0")
        resolve = instance.get_func(store, instance.get_export_index(store, "resolve-call", operation))
        call = record(
            id=asked["call"]["id"],
            caller=asked["call"]["caller"],
            caller_number=None,
            called=asked["call"]["called"],
            at=datetime(asked["at"]),
            time_zone=None,
            earlier_steps=[],
        )
        settings = [record(key=setting["key"], value=variant(setting["value"])) for setting in asked["settings"]]
        return written(resolve(store, call, settings))


host = Host(sys.argv[1])
for line in sys.stdin:
    print(json.dumps(host.resolve(json.loads(line))), flush=True)
