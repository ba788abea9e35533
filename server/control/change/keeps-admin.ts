// Who may not change who may ask: an editor who could name an issuer of tokens would be an admin.
import { isDeepStrictEqual } from 'node:util'
import type { ApplyProblem, Checked, Edition } from '../problem.ts'

/** A change whose author may not do otherwise leaves `admin` as it is. `before`: what is served. */
export async function keepingAdmin(
  checking: Promise<Checked | null>,
  before: Edition | null,
): Promise<Checked | null> {
  const checked = await checking
  if (before === null || checked?.is !== 'valid') return checked
  const { keepsAdmin = null } = checked.edition.note ?? {}
  if (keepsAdmin === null) return checked
  if (isDeepStrictEqual(checked.edition.config.admin, before.config.admin)) return checked
  return { is: 'invalid', problems: [PROBLEMS[keepsAdmin]] }
}

const PROBLEMS: Readonly<Record<'role' | 'step_up', ApplyProblem>> = {
  role: {
    path: 'admin',
    code: 'admin_only',
    message: 'who may ask the admin API, and how it is reached, is changed by admins only',
  },
  step_up: {
    path: 'admin',
    code: 'step_up_needed',
    message: 'who may ask the admin API, and how it is reached, is changed with a fresh password only',
  },
}
