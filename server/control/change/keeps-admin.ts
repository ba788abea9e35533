// Who may not change who may ask: an editor who could name an issuer of tokens would be an admin.
import { isDeepStrictEqual } from 'node:util'
import type { ApplyProblem, Checked, Edition } from '../problem.ts'

/** A change whose author is no admin leaves `admin` as it is; null as it is. `before`: what is served. */
export async function keepingAdmin(
  checking: Promise<Checked | null>,
  before: Edition | null,
): Promise<Checked | null> {
  const checked = await checking
  if (before === null || checked?.is !== 'valid' || checked.edition.note?.keepsAdmin !== true) return checked
  if (isDeepStrictEqual(checked.edition.config.admin, before.config.admin)) return checked
  return { is: 'invalid', problems: [ADMIN_ONLY] }
}

const ADMIN_ONLY: ApplyProblem = {
  path: 'admin',
  code: 'admin_only',
  message: 'who may ask the admin API, and how it is reached, is changed by admins only',
}
