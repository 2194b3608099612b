// What the page says in Russian, in the words of those who look after a PBX. The keys are those of english.js.

export default {
  // The page.
  "view:calls": "Звонки", "view:scenario": "Сценарий", "view:employees": "Сотрудники", "view:integration": "Интеграция", "view:versions": "Версии", "view:changes": "Изменения",
  menu: "Разделы", skip: "К содержанию", to: "English", leave: "Выйти", close: "Закрыть",
  enterTitle: "Вход", token: "Токен сервера", tokenHelp: "Токен выдаёт команда host-harness token new; он отправляется один раз и в браузере не хранится.", enter: "Войти",
  refused: "Сервер не принял этот токен.", unreachable: "Сервер не отвечает. Попробуйте ещё раз.",
  ms: "мс", s: "с", min: "мин", h: "ч",

  // How the node stands.
  on: "на связи", again: "связь потеряна, повторяем", off: "нет связи", asOf: (time) => `Данные на ${time}`,
  "level:good": "на связи, всё в порядке", "level:warn": "на связи, есть предупреждения", "level:bad": "нужно вмешательство", attention: "Что требует внимания",
  integrationNamed: (id) => `Интеграция ${id}`, switchedOff: "отключена, звонки идут в связанную операцию",
  "access:connected": "подключена к amoCRM", "access:not-asked": "ключ доступа задан", "access:expired": "срок ключа доступа истёк", "access:not-connected": "не подключена к amoCRM",
  "access:off": "не работает: доступ к amoCRM закончился", "access:unreadable": "сохранённый доступ не читается", "access:refused": "amoCRM не принимает ключ доступа", "access:unclear": "amoCRM ответила непонятно",
  "accessDo:connected": "", "accessDo:not-asked": "", "accessDo:unclear": "Проверьте ещё раз: host-harness access --config host-harness.toml",
  "accessDo:expired": "Выпустите новый ключ в amoCRM и укажите его в настройках.", "accessDo:not-connected": "Подключите её: host-harness connect --config host-harness.toml",
  "accessDo:off": "Подключите её заново: host-harness connect --config host-harness.toml", "accessDo:unreadable": "Подключите её заново: host-harness connect --config host-harness.toml",
  "accessDo:refused": "Выпустите новый ключ в amoCRM и укажите его в настройках.",
  accessExpires: (time) => `ключ доступа действует до ${time}`,
  refusesAll: (time) => `Так закончился последний запрос, ${time}: сейчас звонки не переадресуются.`,
  "circuit:blocked": "amoCRM закрыла доступ (403)", "circuit:limited": "amoCRM просит паузу: слишком много запросов (429)",
  stoppedUntil: (time) => `Запросы остановлены до ${time}.`, probing: "Отправлен пробный запрос.", budgetAlone: "лимит запросов считается без других узлов: их хранилище не отвечает",
  configurationRefused: "Файл настроек изменён с ошибкой, действуют прежние настройки.", atRestart: (what) => `Вступит в силу после перезапуска: ${what}`,
  detailsFailing: "Детализация звонков не сохраняется.", detailsLost: (count) => `Не сохранена детализация звонков: ${count}`, directoryFailing: (path) => `В папку ${path} нельзя писать.`,

  // Calls.
  list: "Список звонков", filters: "Отбор звонков", any: "все", result: "Чем закончился", employee: "Сотрудник", operation: "Операция", integration: "Интеграция", since: "С", until: "По",
  digits: "Последние цифры", digitsHelp: "От одной до четырёх цифр", filter: "Показать", clear: "Сбросить", older: "Более ранние", none: "Звонков нет.", noneFit: "Таких звонков нет.",
  callForms: ["звонок", "звонка", "звонков"], shown: (count, more) => (more ? `Показано: ${count}, есть и более ранние` : `Показано: ${count}`),
  time: "Время", caller: "Кто звонит", whereWhy: "Куда и почему", waited: "Ожидание", withheld: "номер скрыт", unreadable: "Запись не читается.",
  saveCsv: "Сохранить CSV", csvFile: "звонки",
  "csv:number": "№", "csv:time": "Время", "csv:caller": "Кто звонит", "csv:called": "Куда звонили", "csv:operation": "Операция", "csv:result": "Результат", "csv:where": "Куда направлен",
  "csv:reason": "Причина перехода", "csv:waitedMs": "Ожидание, мс", "csv:ended": "Чем закончился", "csv:answered": "Кто ответил", "csv:missed": "Кто пропустил",
  ended: "Кто ответил", "ended:answered": "ответил сотрудник", "ended:linked-operation": "приняла связанная операция", "ended:caller-gone": "звонящий положил трубку раньше",
  "ended:unanswered": "не ответил никто", "ended:missed": "сотрудник пропустил", "ended:not-reported": "АТС не сообщила", missedBy: (who) => `Пропущен: ${who}`,
  reasons: "Чем закончились звонки", reasonsChart: (most) => `Звонки по времени, самый высокий столбец: ${most}`, span: "За какое время", now: "сейчас", nothing: "За это время звонков не было.",
  "span:900": "15 мин", "span:3600": "1 час", "span:86400": "Сутки", "span:604800": "7 дней",
  "meaning:forwarded": "Переадресован менеджеру", "meaning:rule": "Переход по правилу", "meaning:caller": "Номер звонящего", "meaning:settings": "Нужна настройка", "meaning:failure": "Сбой", "meaning:off": "Интеграция отключена",
  "reason:request-not-understood": "Запрос АТС не понят", "reason:operation-unknown": "АТС назвала неизвестную операцию", "reason:host-overloaded": "Сервер перегружен", "reason:host-stopping": "Сервер останавливается",
  "reason:operation-failed": "Операция завершилась с ошибкой", "reason:settings-unreadable": "Настройки операции не читаются", "reason:scenario-too-slow": "Время ожидания сценария истекло", "reason:step-left": "По этим номерам уже звонили",
  stepNamed: (at, title) => `шаг ${at}: ${title}`, stepTitle: (at, title, id) => `Шаг ${at}: ${title} (${id})`, unanswered: "никто не ответил",

  // One call.
  calling: "Звонок", callGone: "Такого звонка в детализации нет.", waitedFor: (time) => `ожидание ${time}`, linked: "Связанная операция", goesTo: "Направлен:", toDeputy: "Переадресован заместителю", insteadOf: (name) => `вместо сотрудника ${name}`, thenTo: (target) => `если не ответят, то ${target}`,
  toEmployee: "Кому:", asked: "Запросы к amoCRM", saw: "Что видела АТС", notes: "Примечания", facts: "Детализация", component: "Компонент", id: "Идентификатор", code: "Код причины",
  fromCache: "Менеджер известен, amoCRM не запрашивалась", noRequests: "Запросов не было", answer: "ответ", waitingTime: "время ожидания",
  turn: (time) => `ждал очереди ${time}`, shared: "ответ общий с другим звонком", repeated: "отправлен ещё раз: соединение оборвалось", "notSent:budget": "не отправлен: лимит запросов", "notSent:circuit": "не отправлен: amoCRM просила паузу",
  "outcome:no-answer-in-time": "нет ответа", "outcome:crm-unreachable": "нет связи", "outcome:credentials-rejected": "ключ доступа отклонён", "outcome:account-unpaid": "аккаунт не оплачен", "outcome:access-forbidden": "доступ запрещён",
  "outcome:rate-limited": "превышен лимит", "outcome:crm-error": "ошибка amoCRM", "outcome:answer-not-understood": "ответ не распознан",
  linkedNamed: (name) => `связанная операция ${name}`, answeredBy: (who) => `Ответили: ${who}`, nobody: "Не ответил никто",
  "ending:answered": "ответ", "ending:busy": "занято", "ending:no-answer": "нет ответа", "ending:declined": "звонок отклонён", "ending:unavailable": "телефон недоступен", "ending:caller-gone": "звонящий положил трубку", "ending:answered-elsewhere": "ответили на другом номере", "ending:failed": "сбой",
  "source:cache": "из памяти", "source:crm": "из amoCRM", inAmocrm: "(открыть в amoCRM)",
  forget: "Забыть менеджера этого звонящего", forgotten: "Забыт: при следующем звонке amoCRM будет запрошена снова.", notKnownWhether: "Связь прервалась; удалось ли это, неизвестно. Попробуйте ещё раз.",

  // What can be changed.
  save: "Сохранить", discard: "Отменить правки", cancel: "Отмена", add: "Добавить", remove: "Убрать", change: "Изменить", look: "Открыть", undo: "Отменить изменение",
  "saving:saving": "Сохраняем…", "saving:saved": "Сохранено и действует.", "saving:unknown": "Связь прервалась. Проверяем, сохранено ли…", "saving:notSaved": "Не сохранено. Введённое осталось в форме: сохраните ещё раз.", "saving:unreadable": "Прочитать настройки не удалось. Обновите страницу.",
  faults: "Исправьте отмеченные поля.", conflict: "Пока вы правили, настройки изменил кто-то другой:", conflictKept: "Введённое вами осталось в форме. Посмотрите и сохраните ещё раз.",
  viewerOnly: "Этот вход только для просмотра: менять настройки может токен с правом manager.", demonstration: "Это демонстрация: сервер запущен без файла настроек, изменить здесь ничего нельзя.", notOffered: "Этот сервер не позволяет менять это на странице.",
  required: "Заполните это поле.", wholeNumber: "Введите целое число.", seconds: "Введите число секунд, например 2,5.", between: (least, most) => `От ${least} до ${most}`, tooLong: (most) => `Не больше ${most} знаков`, tooMany: (most) => `Не больше ${most} строк`, chooseOne: "Выберите из списка.",
  onePerLine: (most) => `По одному в строке, не больше ${most}`, byDefault: (value) => `По умолчанию: ${value}`, isDefault: "по умолчанию", notSet: "не задано", secret: "секрет", yes: "да", no: "нет",

  // The scenario.
  scenarioHelp: "Операции — шаги сценария. Куда идёт звонок с каждого шага, видно по стрелкам.", stepNumber: (at) => `Шаг ${at}.`, offered: (id) => `Работает через интеграцию ${id}.`,
  integrationEnded: (id) => `Интеграция ${id} не работает: звонки идут в связанную операцию со статусом «Переадресация не удалась».`, integrationSwitchedOff: (id) => `Интеграция ${id} отключена: звонки идут в связанную операцию со статусом «Переадресация не удалась».`,
  exits: "Переходы", leadsTo: "ведёт:", managersNumbers: "номера менеджера", "exit:forward": "Менеджер найден", "exit:not-answered": "Менеджер не ответил", "exit:rest": "Все остальные причины", "exit:all": "Переадресация не удалась",
  "class:caller": "Номер звонящего скрыт или непригоден", "class:empty-answer": "В amoCRM нет контакта или ответственного", "class:no-answer": "amoCRM не ответила вовремя", "class:technical-failure": "Технический сбой", "class:absent": "Менеджер не на работе",
  "class:integration-off": "Интеграция отключена", "class:configuration": "Ошибка в настройках", "class:exit": "Выбор операции",
  settings: "Настройки", scenarioWaiting: "Ожидание всех операций подряд", itsIntegration: "Настройки интеграции", itsCalls: "Звонки этого шага", noOperation: (id) => `Операции ${id} в сценарии нет.`, addStep: "Добавить шаг", linkedHelp: "Куда идёт звонок, если переадресовать его не удалось",
  place: "Место в АТС", targetKind: (title) => `${title}: место в АТС или шаг`, addExit: "Отдельный переход для причины", addExitHelp: "Остальные звонки идут в связанную операцию", chooseExit: "Выберите причину", exitGroups: "Группы причин", exitReasons: "Отдельные причины",
  removeExit: (name) => `Убрать переход «${name}»`, deleteStep: "Удалить шаг", deleteStepSure: (id) => `Удалить операцию ${id} из сценария?`,
  operationHelp: "Встроенная операция или загруженный компонент", builtIn: "Переадресация на персонального менеджера из CRM (встроенная)", workingHours: "Рабочее время (встроенная)", notOffered2: (why) => `Сейчас добавить нельзя. ${why}`, stepId: "Имя шага", stepIdHelp: "Латинские буквы, цифры, дефис: под этим именем его знает АТС", badId: "Латинские буквы, цифры, точка, дефис и подчёркивание", takenId: "Такое имя уже есть",

  // Employees.
  employeesHelp: "Чьи телефоны звонят, когда в amoCRM найден ответственный.", noEmployees: "Сотрудников пока нет.", amocrmUserOf: (user) => `пользователь amoCRM ${user}`, noNumbers: "номеров нет", switchedOffEmployee: "отключён", theirCalls: "Звонки", addEmployee: "Добавить сотрудника",
  name: "Имя", amocrmUser: "Пользователь amoCRM", amocrmUserHelp: "Номер (ID) пользователя в amoCRM", isEnabled: "Принимает звонки", isEnabledHelp: "Отключённому сотруднику никогда не звонят", numbers: "Номера", numbersHelp: "Сверху вниз, если звонят по очереди.",
  ring: "Порядок звонка", ringHelp: "Если сразу, все номера звонят столько, сколько самый долгий из них", "ring:in-turn": "По очереди", "ring:together": "Сразу на все номера",
  deputy: "Заместитель", deputyHelp: "Ему звонят, если сотрудник не на работе, отключён или без номеров, а в шаге сценария включено «Звонить заместителю»", noDeputy: "нет", deputyNamed: (name) => `заместитель: ${name}`,
  numberAt: (at) => `Номер ${at}`, ringTime: "Звонит, секунд", moveUp: (number) => `Поднять номер ${number} выше`, removeNumber: (number) => `Убрать номер ${number}`, addNumber: "Добавить номер",
  deleteEmployee: "Удалить сотрудника", deleteEmployeeSure: (name) => `Удалить сотрудника: ${name}?`, employeeId: "Имя в АТС", employeeIdHelp: "Латинские буквы и цифры; под этим именем сотрудник стоит в детализации", employeeForms: ["сотрудник", "сотрудника", "сотрудников"],

  // The integration.
  account: "Аккаунт", requestsGo: "Запросы идут", budget: (rate, waiting) => `Не больше ${rate} запросов в секунду, ждут очереди: ${waiting}`, connect: "Подключить к amoCRM", connectAgain: "Подключить заново", connectNow: "Подключить", connected: "Подключена: звонки уже идут с новым доступом.", disconnect: "Отключить от amoCRM", disconnected: "Отключена. Шаги сценария остались, звонки идут в связанную операцию.",
  consentOpen: "Откройте страницу amoCRM и разрешите доступ", consentCopy: "Браузер перейдёт на другой адрес; страница может не открыться. Скопируйте этот адрес целиком.", consentAddress: "Адрес, на который перешёл браузер", consentHelp: "Действует 20 минут",
  disconnectSure: "Забыть доступ к amoCRM? Шаги сценария останутся, звонки пойдут в связанную операцию.",
  integrationOn: "Интеграция включена", integrationOnHelp: "Когда отключена, звонки идут в связанную операцию, запросов к amoCRM нет", timeZone: "Часовой пояс сотрудников", timeZoneHelp: "Например, Europe/Moscow",
  audit: "Проверка аккаунта", auditHelp: "Находит, из-за чего звонки не дойдут до менеджеров: ответственные без сотрудника, контакты с неверными номерами.", auditBegin: "Проверить", auditRuns: (progress) => (progress ? `Прочитано ${progress.list === "users" ? "пользователей" : "контактов"}: ${progress.done}` : "Проверка начата"), auditFailed: "Проверка не удалась:", auditClean: "Замечаний нет.",
  auditOf: (time) => `Проверка закончена ${time}`, auditChecked: ({ users, contacts, without_phone, unreadable }) => `Проверено: пользователей ${users}, контактов ${contacts} (без телефона ${without_phone})${unreadable ? `; не прочитано записей: ${unreadable}` : ""}`, auditRest: (rest) => `и ещё контактов с такими номерами: ${rest}`,
  findingUnknown: "Замечание неизвестного вида: обновите страницу.",
  "finding:owner-without-employee": ({ user, name, contacts }) => `Пользователь amoCRM ${user} (${name}) отвечает за контакты (${contacts}), но среди сотрудников его нет: добавьте его.`,
  "finding:deactivated-owner": ({ user, name, contacts }) => `Пользователь amoCRM ${user}${name ? ` (${name})` : ""} отключён, но отвечает за контакты (${contacts}): передайте их в amoCRM другому.`,
  "finding:employee-without-number": ({ employee, user, deputy }) => `У сотрудника ${employee} (пользователь amoCRM ${user}) нет номеров: добавьте номер${deputy ? ` или включите в операции «Звонить заместителю», и звонить будет телефон заместителя ${deputy}` : ""}.`,
  "finding:employee-of-nobody": ({ employee, user }) => `Сотруднику ${employee} указан пользователь amoCRM ${user}, которого в аккаунте нет: исправьте.`,
  "finding:shared-number": ({ number, employees }) => `Номер ${number} общий у сотрудников: ${employees.join(", ")}. Звонок одному услышит другой.`,
  "finding:not-a-number": ({ contact }) => `Контакт ${contact}: в поле телефона нет номера, по звонку его не найти.`, "finding:without-area-code": ({ contact }) => `Контакт ${contact}: номер без кода города, по звонку его не найти.`,

  // Versions and changes.
  upload: "Загрузить компонент", uploading: "Загружаем…", componentFile: "Файл .wasm", uploadHelp: "Компонент проверят, но в работу он войдёт, только когда вы его включите", uploaded: (title, digest) => `Загружен: ${title} (${digest})`,
  inForce: "Действует", inPlaceOf: (name) => `В настройках указан другой компонент: ${name}. Включённая версия действует вместо него, пока он там указан.`, otherVersion: "Другая версия", otherVersionHelp: "Сначала её можно проверить в тени: она разбирает те же звонки, но ничего не делает", noOtherVersion: "Других версий пока нет. Загрузите компонент ниже: его можно будет проверить в тени и включить.", chooseVersion: "Выберите версию",
  beginShadow: "Проверить в тени", activate: "Включить", activateSure: (name, id) => `Включить ${name} на шаге ${id}?`, rollBack: "Вернуть прежнюю", rollBackSure: (name) => `Вернуть ${name}?`, history: "История",
  components: "Компоненты", uploadedAt: (time) => `загружен ${time}`, ofConfiguration: "из файла настроек", kibForms: ["КиБ", "КиБ", "КиБ"], activeAt: (steps) => `действует на шагах: ${steps}`,
  shadowIs: (name) => `В тени: ${name}`, shadowSince: (time) => `С ${time}`, shadowCounts: (all, same, different) => `Звонков: ${all}, решено так же: ${same}, иначе: ${different}.`, differences: "Расхождения", theShadow: "Тень", endShadow: "Закончить проверку",
  "differs:route": "направление", "differs:reason": "причина", "differs:employee": "сотрудник", "differs:numbers": "номера", "differs:manager-source": "источник сведений", "differs:requests": "запросы",
  changesHelp: "Кто, когда и что сделал. Изменения настроек можно отменить.", undoes: (number) => `Отменяет изменение № ${number}.`, undoneBy: (number) => `Отменено изменением № ${number}.`, noChanges: "Изменений пока не было.", difference: "Что изменилось", nobodyNamed: "без имени", undoSure: (number) => `Отменить изменение № ${number}? Остальные изменения останутся.`,
  "by:file": "в файле", "by:api": "через API", "by:http": "по HTTP", "by:page": "на странице", "by:command": "командой", "by:undo": "отмена изменения", "by:amocrm": "в amoCRM",

  // The amoCRM widget.
  "feed:fed": (time) => `Виджет amoCRM сообщает, кто на работе; последний раз ${time}`, "feed:silent": (time) => `Виджет amoCRM молчит с ${time}: статус узнаётся по событиям amoCRM. Проверьте, установлен ли виджет`,
  "feed:never-fed": () => "Виджет amoCRM ни о ком не сообщал: статус узнаётся по событиям amoCRM", widget: "Скачать виджет amoCRM", widgetHelp: "Архив загружают в amoCRM в ту же интеграцию", widgetNeedsHttps: "Чтобы скачать виджет amoCRM, откройте эту страницу по https: по её адресу виджет найдёт сервер",
};
