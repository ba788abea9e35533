// A gateway without users: the first one is made with a one-time token, which stands in the log and in the
// data folder, or from a file with a password, for who sets it up by a program.
import { readBounded } from '../lib/read-bounded.ts'
import { logEvent } from '../telemetry/log.ts'
import { record } from './audit-trail.ts'
import type { Store } from './store/store.ts'
import type { StoreKeeper } from './store/store-keeper.ts'
import { StoreBusy, storeProblemOf } from './store/store-problem.ts'

/** Names a file with the password of the first user. */
const PASSWORD_FILE = 'SLUICE_ADMIN_PASSWORD_FILE'
/** Whom it makes. */
const FIRST_USER = 'admin'
const FILE_BYTES_MAX = 8192
const AGAIN_MS = 2000
const HOW =
  'open /_admin/ of the admin listener in a browser and give it the token, or POST /api/v1/auth/setup { token, name, password }: either makes the first user; on this machine "sluice admin user add NAME --role admin" needs no token'

type Keeper = Pick<StoreKeeper, 'open' | 'keep'>
type Env = Readonly<Record<string, string | undefined>>

export class FirstRun {
  #hasLooked = false

  /** What is kept is another one: its users may be others, and its token is of a run before. */
  again(): void {
    this.#hasLooked = false
  }

  /** Once something is served: a token of a run before is good no more. */
  async look(store: Keeper, env: Env): Promise<void> {
    if (this.#hasLooked) return
    this.#hasLooked = true
    try {
      await lookIn(await store.open(), store, env)
    } catch (error) {
      // The next config that is served looks again.
      this.#hasLooked = false
      const problem = storeProblemOf(error)
      // A store that is not open was told by who opens it.
      logEvent(problem === null ? 'warn' : 'debug', 'first_run_not_looked_at', { why: String(error) })
      // Somebody else holds it: nobody may change a config until then.
      if (problem instanceof StoreBusy) setTimeout(() => void this.look(store, env), AGAIN_MS).unref()
    }
  }
}

async function lookIn(store: Store, keeper: Keeper, env: Env): Promise<void> {
  const { users, setupToken } = store
  setupToken.dropUnfinished()
  if (users.count() === 0) await addByFile(store, keeper, env)
  if (users.count() > 0) return setupToken.remove()
  const token = setupToken.begin()
  logEvent('warn', 'setup_needed', { token, file: setupToken.path, hint: HOW })
}

/** Only ever the first one: a password that was changed since is not set back by what a file says. */
async function addByFile({ users }: Store, keeper: Keeper, env: Env): Promise<void> {
  const file = env[PASSWORD_FILE]
  if (file === undefined || file === '') return
  const refused = (why: string): void => logEvent('error', 'first_user_not_added', { file, why })
  let password: string
  try {
    password = new TextDecoder('utf-8', { fatal: true }).decode(readBounded(file, FILE_BYTES_MAX))
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  }
  const { hashPassword, whyNoPassword } = await import('./store/passwords.ts')
  const text = password.replace(/\r?\n$/, '')
  const why = whyNoPassword(text)
  if (why !== null) return refused(why)
  const added = { name: FIRST_USER, role: 'admin', by: PASSWORD_FILE } as const
  if (!users.addFirst({ ...added, hash: await hashPassword(text) })) return
  record(keeper, {
    ...{
      who: null,
      from: 'local',
      action: 'users.create',
      resource: `users/${FIRST_USER}`,
      result: 'done',
    },
    ...{ after: { name: FIRST_USER, role: 'admin' }, requestId: '', message: `from ${PASSWORD_FILE}` },
  })
  logEvent('info', 'user_added', { user: FIRST_USER, role: 'admin', by: PASSWORD_FILE })
}
