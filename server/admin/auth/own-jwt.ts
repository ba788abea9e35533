// Short-lived tokens that the gateway signs itself (RFC 7519), for jobs that are not to see the token or
// password that they come from. They are as good as what they come from is at that moment, and no longer
// than they say.
import { jwtVerify, SignJWT } from 'jose'
import { isAtLeast, isRole, type Principal, type Role } from '../../control/store/principal.ts'
import { randomWord } from '../../control/store/secrets.ts'
import type { Store } from '../../control/store/store.ts'
import type { User } from '../../control/store/users.ts'

export const OWN_ISSUER = 'sluice'
const ALGORITHM = 'HS256'
const TYPE = 'at+jwt'
export const JWT_S_DEFAULT = 15 * 60

/** What a token comes from: `user:anna`, `token:ID`, `local`. */
export type Source = `user:${string}` | `token:${string}` | 'local'

export interface OwnJwt {
  readonly name: string
  readonly role: Role
  readonly id: string
  readonly source: Source
  readonly issuedMs: number
  readonly expiresMs: number
}

export interface NewJwt {
  readonly who: Principal
  readonly role: Role
  readonly lastsS: number
  readonly nowMs: number
}

/** Signs one for somebody who is known. */
export async function signJwt(
  { key }: Pick<Store, 'key'>,
  { who, role, lastsS, nowMs }: NewJwt,
): Promise<string> {
  const source: Source =
    who.kind === 'token' ? `token:${who.id}` : who.kind === 'user' ? `user:${who.name}` : 'local'
  const now = Math.floor(nowMs / 1000)
  return new SignJWT({ role, src: source })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
    .setIssuer(OWN_ISSUER)
    .setAudience(OWN_ISSUER)
    .setSubject(who.name)
    .setJti(`jwt_${randomWord(12)}`)
    .setIssuedAt(now)
    .setExpirationTime(now + lastsS)
    .sign(key.derive('jwt'))
}

/** What one says, if it is one of ours and in its time; null: it is not. */
export async function readOwnJwt(
  { key }: Pick<Store, 'key'>,
  text: string,
  nowMs: number,
): Promise<OwnJwt | null> {
  try {
    // One algorithm, one key, which is used for nothing else: what a header says of them chooses nothing.
    const { payload } = await jwtVerify(text, key.derive('jwt'), {
      algorithms: [ALGORITHM],
      typ: TYPE,
      issuer: OWN_ISSUER,
      audience: OWN_ISSUER,
      requiredClaims: ['sub', 'jti', 'iat', 'exp', 'role', 'src'],
      currentDate: new Date(nowMs),
    })
    const { sub = '', jti = '', iat = 0, exp = 0 } = payload
    const [role, source] = [String(payload['role']), String(payload['src']) as Source]
    const times = { issuedMs: iat * 1000, expiresMs: exp * 1000 }
    return isRole(role) ? { name: sub, id: jti, role, source, ...times } : null
  } catch {
    return null
  }
}

/** The role that it still has: never more than what it comes from has now. Null: that is gone. */
export function roleNow({ users, tokens }: Pick<Store, 'users' | 'tokens'>, jwt: OwnJwt): Role | null {
  const [kind, of] = [jwt.source.split(':', 1)[0], jwt.source.slice(jwt.source.indexOf(':') + 1)]
  if (kind === 'local') return jwt.role
  const role =
    kind === 'user' ? userRole(users.find(of), jwt) : tokens.isGood(of) ? tokens.get(of)?.role : undefined
  if (role === undefined) return null
  return isAtLeast(role, jwt.role) ? jwt.role : role
}

/** Another password, or another user of that name, ends what was made before. JWTs count whole seconds. */
const userRole = (user: User | null, { issuedMs }: OwnJwt): Role | undefined =>
  user !== null && user.passwordMs < issuedMs + 1000 ? user.role : undefined
