// How somebody proves who they are: a password, and a code where a second factor is asked. Whether a name is
// known shows neither by what is answered nor by how long that takes.
import type { NewSignIn, SignIn } from '../../control/store/sign-ins.ts'
import type { Store } from '../../control/store/store.ts'
import { isPassword } from '../../control/store/passwords.ts'
import type { User } from '../../control/store/users.ts'
import type { Place, Wait } from '../../control/store/failures.ts'
import type { Attempts } from './attempts.ts'
import type { Refusal } from './authenticator.ts'
import { retryAfter, tooMany } from './refusals.ts'

export interface Proof {
  readonly name: string
  /** Null: a code alone is shown, by somebody who is signed in. */
  readonly password: string | null
  /** Of the second factor; null: none is shown. */
  readonly code: string | null
  readonly place: Place
  /** Somebody who is signed in has shown all of it: one of them is enough. */
  readonly isAgain?: boolean
}

export const FAILED: Refusal = {
  code: 'sign_in_failed',
  detail: 'The name, the password or the code is wrong.',
}
const BUSY_MS = 1000

/** Who proved it, or why not. */
export async function prove(store: Store, attempts: Attempts, proof: Proof): Promise<User | Refusal> {
  const { name, place, isAgain = false } = proof
  const isKnown = isAgain || store.failures.isGood(name, place)
  // 1. A place has so many attempts a minute, whatever it names.
  const { waitMs, isRepeated } = attempts.count(place, isKnown)
  if (waitMs > 0) return tooMany(waitMs, isRepeated)
  // 2. Two passwords are worked on at the same time, and few wait; strangers for those who are known.
  const outcome = await attempts.inTurn(isKnown, () => judged(store, proof))
  return outcome ?? { ...tooMany(BUSY_MS), detail: 'Too many sign in at the same time.' }
}

async function judged(store: Store, proof: Proof): Promise<User | Refusal> {
  const { name, password, code, place, isAgain = false } = proof
  const { users, failures, secondFactors } = store
  // 3. It counts as failed before it is judged: many at the same time are no more than one after another.
  const wait = failures.begin(name, place)
  if (wait.ms > 0) return lockedOut(wait)
  // 4. The password, or as much work for nothing.
  const hash = users.hashOf(name)
  if ((password !== null || !isAgain) && !(await isPassword(password ?? '', hash))) return FAILED
  // 5. As it is now: the password may have been changed, or the user removed, meanwhile.
  const user = users.find(name)
  if (user === null || users.hashOf(name) !== hash) return FAILED
  // 6. The code. That one is asked for tells that the password is right, to those who know it.
  if (isAgain ? password === null : secondFactors.isOn(name)) {
    if (code === null && !isAgain) {
      failures.takeBack(name, place)
      return CODE_NEEDED
    }
    if (!secondFactors.take(name, code ?? '')) return FAILED
  }
  failures.succeeded(name, place)
  return user
}

export const CODE_NEEDED: Refusal = {
  code: 'code_needed',
  detail: 'This user has a second factor: a code of the app is needed as well.',
}

const WHOSE = {
  place: 'for this name from this address',
  network: 'for this name from this network',
  all: 'for this name from addresses that it has not signed in from',
} as const

export const lockedOut = ({ ms, of }: Wait): Refusal => ({
  code: 'locked_out',
  detail: `There were too many failures ${WHOSE[of]}.`,
  headers: retryAfter(ms),
})

/** Begins a sign-in; what its cookie holds. One that the browser had before ends. */
export function signIn(
  { users, signIns }: Store,
  { name }: User,
  by: Omit<NewSignIn, 'user'> & { readonly before: string | null },
): { readonly secret: string; readonly signIn: SignIn | null } {
  const { before: cookie, ...begun } = by
  const before = cookie === null ? null : signIns.find(cookie)
  if (before !== null) signIns.end(before.id)
  const secret = signIns.begin({ ...begun, user: name })
  users.signedIn(name)
  return { secret, signIn: signIns.find(secret) }
}
