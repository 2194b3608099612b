// The operation. `describe` says what a scenario editor shows of it, `resolveCall` where one call goes; `wit/` says what the values mean.

const MOST_NUMBERS = 10;
const RING_TIME = 20_000;

const text = (ru, en) => ({ ru, en });
const NOBODY_TO_RING = text("Звонить некому", "There is nobody to ring");

/** The numbers that can be dialled. A host judges settings by the description, but an operation does not rely on it. */
function readNumbers(settings) {
  const value = settings.find(({ key }) => key === "numbers")?.value;
  if (value?.tag !== "list") return [];
  const numbers = value.val.filter(({ tag }) => tag === "text").map(({ val }) => val);
  return numbers.filter((number) => /^\+?[0-9]{1,31}$/.test(number)).slice(0, MOST_NUMBERS);
}

export const operation = {
  describe: () => ({
    id: "my-operation",
    version: "0.1.0",
    title: text("Моя операция", "My operation"),
    summary: text("Звонит по номерам из настройки.", "Rings the numbers of a setting."),
    settings: [{
      key: "numbers",
      title: text("Номера", "Numbers"),
      help: text("Звонят по порядку, каждый 20 с", "They ring one after another, each for 20 s"),
      required: false,
      kind: { tag: "list", val: { items: { tag: "text", val: { default: null, maximumLength: 32, secret: false } }, maximumItems: MOST_NUMBERS } },
    }],
    configuration: [],
    facts: [],
    purposes: [],
    reasons: [{ code: "nobody-to-ring", class: "configuration", text: NOBODY_TO_RING }],
  }),

  resolveCall(call, settings) {
    const destinations = readNumbers(settings).map((number) => ({ number, ringTime: RING_TIME }));
    const route = destinations.length > 0
      ? { tag: "forward", val: { employeeId: "my-operation", employeeName: "My operation", destinations } }
      : { tag: "linked-operation", val: { code: "nobody-to-ring", class: "configuration", status: text("Переадресация не удалась", "Forwarding failed"), text: NOBODY_TO_RING } };
    return { route, details: { waitingTime: 0, waited: 0, requests: [], facts: [], notes: [] } };
  },
};
