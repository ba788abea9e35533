// What state.db holds: the closed list of its tables.
import { AUDIT } from './audit.ts'
import { FAILURES } from './failures.ts'
import { FIGURES } from './figures.ts'
import { REVISIONS } from './revisions.ts'
import { SECOND_FACTORS } from './second-factors.ts'
import { SIGN_INS } from './sign-ins.ts'
import { SIGN_IN_LINKS } from './sign-in-links.ts'
import { SERVER_ORDERS } from './server-orders.ts'
import type { Table } from './table.ts'
import { TOKENS } from './tokens.ts'
import { USERS } from './users.ts'

/** In the order in which they are made: what others refer to comes first. */
export const TABLES: readonly Table[] = [
  USERS,
  SECOND_FACTORS,
  SIGN_INS,
  TOKENS,
  FAILURES,
  AUDIT,
  REVISIONS,
  FIGURES,
  SERVER_ORDERS,
  SIGN_IN_LINKS,
]
