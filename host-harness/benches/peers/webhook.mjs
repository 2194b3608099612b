// The webhook that somebody writes by hand in Node: it asks amoCRM whose contact the caller is, and keeps the answer in a map for six hours.
import http from 'node:http';

const { ACCOUNT, AMOCRM_TOKEN, PORT } = process.env;
const SIX_HOURS = 6 * 60 * 60 * 1000;
const EMPLOYEES = new Map([
  [504141, { id: 'anna', name: 'Анна Соколова', numbers: [['101', 20], ['+79035550101', 25]] }],
]);
const kept = new Map();

async function find(digits) {
  const known = kept.get(digits);
  if (known && known.until > Date.now()) return { ...known, source: 'cache' };
  const answer = await fetch(`${ACCOUNT}/api/v4/contacts?query=${digits}`, {
    headers: { authorization: `Bearer ${AMOCRM_TOKEN}` },
    signal: AbortSignal.timeout(3000),
  });
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error(`amoCRM answered ${answer.status}`);
  const { _embedded } = await answer.json();
  const phones = (contact) =>
    (contact.custom_fields_values ?? []).filter((field) => field.field_code === 'PHONE').flatMap((field) => field.values);
  const contact = _embedded.contacts.find((contact) =>
    phones(contact).some(({ value }) => value.replace(/\D/g, '').endsWith(digits)));
  if (!contact) return null;
  const found = { user: contact.responsible_user_id, contact: contact.id, until: Date.now() + SIX_HOURS };
  kept.set(digits, found);
  return { ...found, source: 'crm' };
}

async function resolve(call) {
  const linked = (code) => ({ route: { kind: 'linked-operation', target: 'queue:sales' }, reason: { code } });
  const digits = String(call.caller ?? '').replace(/\D/g, '').slice(-10);
  if (digits.length < 10) return linked('caller-unusable');
  let found;
  try {
    found = await find(digits);
  } catch {
    return linked('crm-unreachable');
  }
  if (!found) return linked('contact-not-found');
  const employee = EMPLOYEES.get(found.user);
  if (!employee) return linked('manager-has-no-employee');
  const numbers = employee.numbers.map(([number, ring_seconds]) => ({ number, ring_seconds }));
  return {
    route: { kind: 'forward', employee: { id: employee.id, name: employee.name }, numbers, then: 'queue:sales' },
    reason: null,
    details: { manager_source: found.source, manager_user_id: found.user, contact_id: found.contact },
  };
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    let status = 200;
    let answer;
    try {
      const call = JSON.parse(Buffer.concat(chunks).toString());
      answer = { version: 1, call: { id: call.id, called: call.called }, ...(await resolve(call)) };
    } catch {
      [status, answer] = [400, { error: 'not a call' }];
    }
    const body = JSON.stringify(answer);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});
server.listen(Number(PORT), '127.0.0.1');
