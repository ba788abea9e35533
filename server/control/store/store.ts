// All that state.db keeps, table by table.
import { Audit } from './audit.ts'
import { Failures } from './failures.ts'
import { SecondFactors } from './second-factors.ts'
import { ServerOrders } from './server-orders.ts'
import { SetupToken } from './setup-token.ts'
import { SignInLinks } from './sign-in-links.ts'
import { SignIns } from './sign-ins.ts'
import { StateDb, type StateDbOptions } from './state-db.ts'
import { StateKey } from './state-key.ts'
import { TABLES } from './tables.ts'
import { Tokens } from './tokens.ts'
import { Users } from './users.ts'

export class Store {
  readonly db: StateDb
  readonly key: StateKey
  readonly users: Users
  readonly secondFactors: SecondFactors
  readonly signIns: SignIns
  readonly signInLinks: SignInLinks
  readonly tokens: Tokens
  readonly failures: Failures
  readonly audit: Audit
  readonly setupToken: SetupToken
  readonly orders: ServerOrders

  /** Opens that of a data folder, or makes it. Throws a StoreProblem when it cannot. */
  constructor(data: string, nowMs: () => number = Date.now, options: StateDbOptions = {}) {
    this.db = StateDb.open(data, TABLES, options)
    this.key = new StateKey(data)
    this.users = new Users(this.db, nowMs)
    this.secondFactors = new SecondFactors(this.db, this.key, nowMs)
    this.signIns = new SignIns(this.db, nowMs)
    this.signInLinks = new SignInLinks(this.db, nowMs)
    this.tokens = new Tokens(this.db, nowMs)
    this.failures = new Failures(this.db, this.key, nowMs)
    this.audit = new Audit(this.db, nowMs)
    this.orders = new ServerOrders(this.db)
    this.setupToken = new SetupToken(data)
  }

  /** Another stands in the place of what is open: it is that from now on, with the key beside it. */
  reopen(): void {
    this.db.reopen(TABLES)
    this.key.reopen()
  }

  close(): void {
    this.db.close()
  }
}
