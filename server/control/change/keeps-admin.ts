// What of the config is not for editors: it would let them do or read what only the gateway's own user can.
import { isDeepStrictEqual } from 'node:util'
import { namesFilledIn } from '../../config/filled-in.ts'
import type { Config } from '../../config/schema.ts'
import type { Checked, Edition, EditionNote } from '../problem.ts'

/** A change whose author may not do otherwise leaves that as it is. `before`: what is served. */
export async function keepingAdmin(
  checking: Promise<Checked | null>,
  before: Edition | null,
): Promise<Checked | null> {
  const checked = await checking
  if (before === null || checked?.is !== 'valid') return checked
  const { keepsAdmin = null } = checked.edition.note ?? {}
  if (keepsAdmin === null) return checked
  const { config } = checked.edition
  const problems = FOR_ADMINS.filter(({ isKept }) => !isKept(config, before.config))
  if (problems.length === 0) return checked
  const { code, by } = REFUSALS[keepsAdmin]
  return {
    is: 'invalid',
    problems: problems.map(({ path, what }) => ({ path, code, message: `${what} changed ${by} only` })),
  }
}

const REFUSALS = {
  role: { code: 'admin_only', by: 'by admins' },
  step_up: { code: 'step_up_needed', by: 'with a fresh password' },
} as const

/**
 * What a text of somebody who is no admin may have filled in: what the config that is served has already.
 * Null: whatever it names.
 */
export const mayFillIn = (
  { keepsAdmin = null }: EditionNote,
  before: Edition | null,
): ReadonlySet<string> | null => (keepsAdmin === 'role' ? namesFilledIn(before?.text ?? '') : null)

const FOR_ADMINS: readonly {
  readonly path: string
  readonly what: string
  readonly isKept: (after: Config, before: Config) => boolean
}[] = [
  {
    path: 'admin',
    what: 'who may ask the admin API, and how it is reached, is',
    isKept: (after, before) => isDeepStrictEqual(after.admin, before.admin),
  },
  {
    path: 'logs.access.file',
    what: 'which file the gateway writes into is',
    isKept: (after, before) => after.logs.access.file === before.logs.access.file,
  },
  {
    path: 'logs.audit',
    what: 'whether the audit is told on stdout is',
    // The line of the very change that turns it off would be the first that nobody sees.
    isKept: (after, before) => after.logs.audit === before.logs.audit,
  },
  {
    path: 'backends',
    what: 'backends that get cookies of the dashboard (dashboard: true) are',
    // Who has such a server may sign in as each admin that comes by it.
    isKept: (after, before) => isDeepStrictEqual(withDashboard(after), withDashboard(before)),
  },
  {
    path: 'certificates',
    what: 'programs that the gateway runs (acme.dns.command) are',
    // Those that are named already may be used for further certificates.
    isKept: (after, before) => {
      const known = new Set(commandsOf(before))
      return commandsOf(after).every((command) => known.has(command))
    },
  },
]

const withDashboard = ({ backends }: Config): Config['backends'] =>
  Object.fromEntries(Object.entries(backends).filter(([, { dashboard }]) => dashboard))

const commandsOf = ({ certificates }: Config): readonly string[] =>
  Object.values(certificates).flatMap(({ acme }) =>
    acme?.dns === undefined ? [] : [JSON.stringify(acme.dns.command)],
  )
