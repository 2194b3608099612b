"""The operation. `describe` says what a scenario editor shows of it, `resolve_call` where one call goes; `wit/` says what the values mean."""

from wit_world import exports
from wit_world.exports.operation import (
    Description,
    ItemKind_Text,
    ListKind,
    ReasonDescription,
    SettingDescription,
    SettingKind_List,
    TextKind,
)
from wit_world.imports.telephony_operation_types import (
    CallDetails,
    Destination,
    Forwarding,
    ItemValue_Text,
    LocalizedText,
    ReasonClass,
    Resolution,
    Route_Forward,
    Route_LinkedOperation,
    SettingValue_List,
    TransitionReason,
)

MOST_NUMBERS = 10
RING_TIME = 20_000
NOBODY_TO_RING = LocalizedText("Звонить некому", "There is nobody to ring")


def is_dialable(number):
    """Digits, with a + before them if international. `str.isdigit` takes more than 0 to 9."""
    digits = number.removeprefix("+")
    return 1 <= len(digits) <= 31 and all(letter in "0123456789" for letter in digits)


def read_numbers(settings):
    """The numbers that can be dialled. A host judges settings by the description, but an operation does not rely on it."""
    items = next((setting.value for setting in settings if setting.key == "numbers"), None)
    if not isinstance(items, SettingValue_List):
        return []
    numbers = [item.value for item in items.value if isinstance(item, ItemValue_Text)]
    return [number for number in numbers if is_dialable(number)][:MOST_NUMBERS]


class Operation(exports.Operation):
    def describe(self):
        return Description(
            id="my-operation",
            version="0.1.0",
            title=LocalizedText("Моя операция", "My operation"),
            summary=LocalizedText("Звонит по номерам из настройки.", "Rings the numbers of a setting."),
            settings=[
                SettingDescription(
                    key="numbers",
                    title=LocalizedText("Номера", "Numbers"),
                    help=LocalizedText("Звонят по порядку, каждый 20 с", "They ring one after another, each for 20 s"),
                    required=False,
                    kind=SettingKind_List(ListKind(ItemKind_Text(TextKind(None, 32, False)), MOST_NUMBERS)),
                )
            ],
            configuration=[],
            facts=[],
            purposes=[],
            reasons=[ReasonDescription("nobody-to-ring", ReasonClass.CONFIGURATION, NOBODY_TO_RING)],
        )

    def resolve_call(self, call, settings):
        destinations = [Destination(number, RING_TIME) for number in read_numbers(settings)]
        if destinations:
            route = Route_Forward(Forwarding("my-operation", "My operation", destinations, None))
        else:
            status = LocalizedText("Переадресация не удалась", "Forwarding failed")
            route = Route_LinkedOperation(TransitionReason("nobody-to-ring", ReasonClass.CONFIGURATION, status, NOBODY_TO_RING))
        return Resolution(route, CallDetails(0, 0, [], [], []))
