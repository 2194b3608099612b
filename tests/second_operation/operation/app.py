"""The operation «Переадресация по расписанию»: a call rings the numbers that the called number's schedule names for this hour.

A schedule is a list of rules, read from the top; the first rule that fits the call counts:

    CALLED     DAYS     HOURS        WHOM TO RING, one after another
    *7001      mon-fri  09:00-18:00  101/15, +79035550101
    *          daily    20:00-08:00  +79035550177/40

CALLED is the number that was called, or `*` and its last digits; `*` alone is any. DAYS are `mon`, `mon-fri`, `sat,sun` or `daily`; HOURS that end
before they begin go past midnight and belong to the day on which they begin; a whole day is `00:00-24:00`. A ring time is written in seconds after a slash.

The decision, `resolve`, is plain Python: it knows nothing of components and can be called anywhere. The class `Operation` at the end is its edge.
It imports nothing: the hour is that of the call's arrival, which comes with the call.
"""

from dataclasses import dataclass

from wit_world import exports
from wit_world.exports.operation import (
    Description,
    DurationKind,
    FactDescription,
    IntegerKind,
    ItemKind_Text,
    ListKind,
    ReasonDescription,
    SettingDescription,
    SettingKind_Duration,
    SettingKind_Integer,
    SettingKind_List,
    TextKind,
)
from wit_world.imports.telephony_operation_types import (
    CallDetails,
    Destination,
    Fact,
    FactValue_Integer,
    FactValue_Text,
    Forwarding,
    ItemValue_Text,
    LocalizedText,
    Note,
    ReasonClass,
    Resolution,
    Route_Forward,
    Route_LinkedOperation,
    SettingValue_Duration,
    SettingValue_Integer,
    SettingValue_List,
    TransitionReason,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE, DAY = 60, 24 * 60
MOST_RULES, MOST_NUMBERS = 100, 10
LONGEST_RULE = 400
SHORTEST_RING, LONGEST_RING = 5_000, 120_000

NOT_FORWARDED = LocalizedText("Переадресация не удалась", "Forwarding failed")
OUT_OF_HOURS = LocalizedText("Нерабочее время", "Out of hours")
REASONS = {
    "outside-schedule": (ReasonClass.ABSENT, OUT_OF_HOURS, "Сейчас по расписанию никто не принимает звонки", "Nobody takes calls at this hour"),
    "no-schedule": (ReasonClass.CONFIGURATION, NOT_FORWARDED, "Для набранного номера нет расписания", "The called number has no schedule"),
    "schedule-wrong": (ReasonClass.CONFIGURATION, NOT_FORWARDED, "Расписание написано с ошибкой", "The schedule is not written as it should be"),
    "setting-wrong": (ReasonClass.CONFIGURATION, NOT_FORWARDED, "Настройка имеет неподходящее значение", "A setting has a value that does not fit"),
}


class Wrong(Exception):
    """A schedule that cannot be read: which rule, and what to write instead."""


@dataclass(frozen=True)
class Rule:
    """One line of a schedule. Minutes count from midnight."""

    called: str
    days: frozenset
    begins: int
    ends: int
    numbers: tuple

    def is_for(self, called):
        """Whether the rule is for the number that was called, however it is written."""
        digits = "".join(letter for letter in called if letter in "0123456789")
        return digits.endswith(self.called[1:]) if self.called.startswith("*") else digits == self.called

    def is_on(self, day, minute):
        """Whether the rule holds at this minute of this day of the week."""
        if self.begins < self.ends:
            return day in self.days and self.begins <= minute < self.ends
        return (day in self.days and minute >= self.begins) or ((day - 1) % 7 in self.days and minute < self.ends)


def read(schedule, ring_time):
    """The rules of a schedule. Raises `Wrong` with the number of the rule that cannot be read."""
    return [read_rule(position, rule, ring_time) for position, rule in enumerate(schedule, 1)]


def read_rule(position, line, ring_time):
    """One rule: four parts, the last of which goes to the end of the line."""
    parts = line.split(None, 3)
    if len(parts) < 4:
        raise Wrong(f"{position}: CALLED DAYS HOURS NUMBERS")
    called, days, hours, numbers = parts
    called = called.lstrip("+")
    if called != "*" and not is_digits(called.removeprefix("*")):
        raise Wrong(f"{position}: CALLED = 74951234567, *7001, *")
    begins, separator, ends = hours.partition("-")
    if not separator:
        raise Wrong(f"{position}: HOURS = 09:00-18:00")
    numbers = tuple(read_number(position, number.strip(), ring_time) for number in numbers.split(","))
    if len(numbers) > MOST_NUMBERS:
        raise Wrong(f"{position}: 1 to {MOST_NUMBERS} numbers")
    begins, ends = read_time(position, begins), read_time(position, ends)
    # From nine to nine may be meant as a whole day or as nothing.
    if begins == ends:
        raise Wrong(f"{position}: HOURS = 09:00-18:00, 00:00-24:00")
    return Rule(called, read_days(position, days), begins, ends, numbers)


def read_days(position, text):
    """`daily`, `mon`, `mon-fri` or a list of them, as days from 0 for Monday."""
    if text == "daily":
        return frozenset(range(7))
    days = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise Wrong(f"{position}: DAYS = mon-fri, sat, daily")
        day, last = DAYS.index(first), DAYS.index(last or first)
        days.add(day)
        while day != last:
            day = (day + 1) % 7
            days.add(day)
    return frozenset(days)


def read_time(position, text):
    """`09:00` to `24:00`, as minutes."""
    hour, _, minute = text.partition(":")
    # `int` raises on a number of thousands of digits: what is too long is refused first.
    if is_digits(hour) and is_digits(minute) and len(hour) <= 2 and len(minute) == 2 and int(minute) < 60:
        time = int(hour) * 60 + int(minute)
        if time <= DAY:
            return time
    raise Wrong(f"{position}: HOURS = 09:00-18:00")


def read_number(position, text, ring_time):
    """`101` or `+79035550101/25`, with its ring time in milliseconds."""
    number, slash, seconds = text.partition("/")
    if slash:
        ring_time = int(seconds) * 1_000 if is_digits(seconds) and len(seconds) < 5 else 0
    if not is_digits(number.removeprefix("+")) or not SHORTEST_RING <= ring_time <= LONGEST_RING:
        raise Wrong(f"{position}: NUMBERS = 101/20, +79035550101")
    return number, ring_time


def is_digits(text):
    """Whether a text is digits and nothing else. `str.isdigit` takes more than 0 to 9."""
    return text != "" and all(letter in "0123456789" for letter in text)


def resolve(called, seconds, settings):
    """Where a call goes: (code of the reason or None, rule or None, its position, local time in words, what is wrong in words)."""
    minutes = seconds // MINUTE + settings["utc_offset"]
    day, minute = (minutes // DAY + 3) % 7, minutes % DAY  # 1 January 1970 was a Thursday.
    local = f"{DAYS[day]} {minute // 60:02}:{minute % 60:02}"
    try:
        rules = read(settings["schedule"], settings["ring_time"])
    except Wrong as wrong:
        return "schedule-wrong", None, None, local, str(wrong)
    for position, rule in enumerate(rules, 1):
        if rule.is_for(called) and rule.is_on(day, minute):
            return None, rule, position, local, None
    code = "outside-schedule" if any(rule.is_for(called) for rule in rules) else "no-schedule"
    return code, None, None, local, None


# What a scenario editor shows. A setting that is not given has the default from here.
SETTINGS = {
    "schedule": SettingDescription(
        "schedule",
        LocalizedText("Расписание", "Schedule"),
        LocalizedText(
            "Список правил: НОМЕР ДНИ ЧАСЫ КОМУ_ЗВОНИТЬ. Например: *7001 mon-fri 09:00-18:00 101/15, +79035550101",
            "A list of rules: CALLED DAYS HOURS NUMBERS. For example: *7001 mon-fri 09:00-18:00 101/15, +79035550101",
        ),
        True,
        SettingKind_List(ListKind(ItemKind_Text(TextKind(None, LONGEST_RULE, False)), MOST_RULES)),
    ),
    "utc_offset": SettingDescription(
        "utc_offset",
        LocalizedText("Часовой пояс", "Time zone"),
        LocalizedText("На сколько местное время впереди UTC", "By how much the local time is ahead of UTC"),
        False,
        SettingKind_Integer(IntegerKind(180, -720, 840, LocalizedText("мин", "min"))),
    ),
    "ring_time": SettingDescription(
        "ring_time",
        LocalizedText("Время звонка", "Ring time"),
        LocalizedText("Сколько звонит номер, у которого оно не указано", "How long a number rings that says nothing of it"),
        False,
        SettingKind_Duration(DurationKind(20_000, SHORTEST_RING, LONGEST_RING)),
    ),
}
FACTS = {"rule": LocalizedText("Правило расписания", "Rule of the schedule"), "local_time": LocalizedText("Местное время", "Local time")}


def is_rule(item):
    """Whether an item of a list is a text that may be a rule."""
    return isinstance(item, ItemValue_Text) and len(item.value) <= LONGEST_RULE


def read_settings(given):
    """The settings by key, the notes on those that nobody knows, and the key of one whose value does not fit, or None."""
    # A list has no default: it is empty.
    settings = {key: getattr(known.kind.value, "default", []) for key, known in SETTINGS.items()}
    notes, wrong = [], None
    for setting in given:
        known, value = SETTINGS.get(setting.key), setting.value
        if known is None:
            notes.append(Note("unknown-setting", LocalizedText(f"Неизвестная настройка: {setting.key}", f"Unknown setting: {setting.key}")))
            continue
        kind = known.kind.value
        if isinstance(known.kind, SettingKind_List):
            fits = isinstance(value, SettingValue_List) and len(value.value) <= kind.maximum_items and all(is_rule(item) for item in value.value)
        else:
            case = SettingValue_Integer if isinstance(known.kind, SettingKind_Integer) else SettingValue_Duration
            fits = isinstance(value, case) and kind.minimum <= value.value <= kind.maximum
        if fits:
            settings[setting.key] = [item.value for item in value.value] if isinstance(value, SettingValue_List) else value.value
        else:
            wrong = setting.key
    if not settings["schedule"] and wrong is None:
        wrong = "schedule"
    return settings, notes, wrong


def reason(code, about=None):
    """A transition reason, with what it is about after a colon."""
    kind, status, ru, en = REASONS[code]
    more = f": {about}" if about else ""
    return Route_LinkedOperation(TransitionReason(code, kind, status, LocalizedText(ru + more, en + more)))


class Operation(exports.Operation):
    """The edge: values of the contract in, values of the contract out."""

    def describe(self):
        return Description(
            "forward-by-schedule",
            "0.1.0",
            LocalizedText("Переадресация по расписанию", "Forward by schedule"),
            LocalizedText("Звонит тем, кого называет расписание набранного номера.", "Rings whom the schedule of the called number names."),
            list(SETTINGS.values()),
            [],
            [FactDescription(key, title, []) for key, title in FACTS.items()],
            [],
            [ReasonDescription(code, kind, LocalizedText(ru, en)) for code, (kind, _, ru, en) in REASONS.items()],
        )

    def resolve_call(self, call, settings):
        facts = dict.fromkeys(FACTS)
        settings, notes, wrong = read_settings(settings)
        if wrong is not None:
            route = reason("setting-wrong", wrong)
        else:
            code, rule, position, local, about = resolve(call.called, call.at.seconds, settings)
            facts["local_time"] = FactValue_Text(local)
            if rule is None:
                route = reason(code, about)
            else:
                facts["rule"] = FactValue_Integer(position)
                numbers = [Destination(number, ring_time) for number, ring_time in rule.numbers]
                # Not the rule's position, which another rule above it changes: the identifier must be stable.
                route = Route_Forward(Forwarding(f"schedule:{rule.called}", rule.called, numbers, None))
        # It has no waiting time and asks nobody.
        return Resolution(route, CallDetails(0, 0, [], [Fact(key, value) for key, value in facts.items()], notes))
