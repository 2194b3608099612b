// What every view of the console is told: who is logged in, how the node stands, and what is configured.

import { createContext, useContext } from "./html.js";

/** `{ session, mayChange, connection, operations, integrations, employees, configuration, offers, reload }` */
export const Console = createContext(null);

export const useConsole = () => useContext(Console);
