// Who asks something of the admin API, and what they may.

/** Each may all that those before it may. */
export const ROLES = ['viewer', 'operator', 'editor', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Principal {
  /** `local`: by the Unix socket of the data folder, role admin, name of the user whose process it is. */
  readonly kind: 'user' | 'token' | 'jwt' | 'local'
  readonly name: string
  readonly role: Role
  /** Address of the client, or `unix`. */
  readonly from: string
  /** Of the sign-in, the token or the JWT, for the audit; never a secret. */
  readonly id: string
  /** A token that is for some resources only: what it is told is of those. */
  readonly isScoped?: boolean
  /** Of a JWT: what it comes from, as `user:anna`, `token:ID`, `jwt:NAME`. */
  readonly source?: string
}

/** With whom somebody counts where each account has a limit: however many sign-ins or JWTs they make. */
export const accountOf = ({
  kind,
  name,
  id,
  source,
}: Pick<Principal, 'kind' | 'name' | 'id' | 'source'>): string =>
  (source ?? `${kind}:${kind === 'token' ? id : name}`).toLowerCase()

/** Who asks by the Unix socket of the data folder: only the gateway's user and root can. */
export const localPrincipal = (name: string, id: string): Principal => {
  return { kind: 'local', name, role: 'admin', from: 'unix', id }
}

/**
 * What one is called wherever it is told who did something: by each door the same. What a program shows is
 * not mistaken for a person of that name.
 */
export const calledOf = ({ kind, name }: Pick<Principal, 'kind' | 'name'>): string =>
  kind === 'token' || kind === 'jwt' ? `${kind} ${name}` : name

export const isRole = (word: string): word is Role => ROLES.some((role) => role === word)

/** Whether a role may what `least` may. */
export const isAtLeast = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least)
