// Who is signed in, and what they may.
import { computed, effect, signal } from '@preact/signals'
import { type Answer, ask, type AnswerOf, onStaleToken, useCsrf } from './api.ts'
import type { Problem } from './problem.ts'
import { wanted } from './wanted.ts'

export type Me = AnswerOf<'GET /api/v1/auth/me'>
export type Role = 'viewer' | 'operator' | 'editor' | 'admin'
/** What a control does: as `permission` of the route behind it. */
export type Deed = 'view' | 'operate' | 'edit' | 'administer'

const ROLES: readonly Role[] = ['viewer', 'operator', 'editor', 'admin']

/** The least role that may. */
export const ROLE_FOR: Readonly<Record<Deed, Role>> = {
  view: 'viewer',
  operate: 'operator',
  edit: 'editor',
  administer: 'admin',
}

/** Undefined: not known yet; null: nobody is signed in. */
export const me = signal<Me | null | undefined>(undefined)

const rank = computed(() => ROLES.indexOf((me.value?.role ?? 'viewer') as Role))

/** Whether who is signed in may do that. */
export const can = (deed: Deed): boolean => rank.value >= ROLES.indexOf(ROLE_FOR[deed])

/** Asks who is signed in. Who was so stays named where that has ended, and what they entered stays. */
export async function findMe(): Promise<Answer<Me>> {
  const answer = await ask('GET /api/v1/auth/me', {}, { isAlone: true })
  if (answer.ok) become(answer.value)
  else if (answer.problem.status === 401 && me.peek() === undefined) me.value = null
  return answer
}

const STORED = 'sluice.signed-in'

// Whether somebody was signed in here when this browser looked last.
effect(() => {
  if (me.value === undefined) return
  try {
    if (me.value === null) localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, 'yes')
  } catch {
    // Storage is refused: it is asked for each time.
  }
})

function wasSignedIn(): boolean {
  try {
    return localStorage.getItem(STORED) !== null
  } catch {
    return false
  }
}

/**
 * As `findMe`, at the start of a page; null: nobody is signed in. Who was not so here before is asked about
 * by a route that answers anybody: what is refused browsers print as an error.
 */
export async function findFirst(): Promise<Answer<Me> | null> {
  if (!wasSignedIn()) {
    const answer = await ask('GET /api/v1/auth/setup', {}, { isAlone: true })
    if (answer.ok && !answer.value.signed_in) {
      me.value = null
      return null
    }
  }
  return findMe()
}

// Another tab has signed in anew: this one goes on with what it was given, unless it is somebody else.
onStaleToken(async () => {
  const before = me.peek()?.name
  const answer = await findMe()
  return answer.ok && answer.value.name === before
})

/** Signs in; the problem says what is missing (`code_needed`) or how long to wait (`locked_out`). */
export async function signIn(body: { name: string; password: string; code?: string }): Promise<Answer<Me>> {
  return became(await ask('POST /api/v1/auth/sign-in', {}, { body, isAlone: true }))
}

/** Makes the first user, who is an admin, and signs them in. */
export async function setUp(body: { token: string; name: string; password: string }): Promise<Answer<Me>> {
  return became(await ask('POST /api/v1/auth/setup', {}, { body, isAlone: true }))
}

/** The password or a code once more: what is dangerous goes on for five minutes. */
export async function stepUp(body: { password?: string; code?: string }): Promise<Answer<Me>> {
  return became(await ask('POST /api/v1/auth/step-up', {}, { body, isAlone: true }))
}

/** Null: nobody is signed in any more; else why the sign-in has not ended, and goes on. */
export async function signOut(): Promise<Problem | null> {
  const answer = await ask('POST /api/v1/auth/sign-out', {}, { isAlone: true })
  if (!answer.ok && answer.problem.status !== 401) return answer.problem
  endHere()
  for (const listener of signOutListeners) listener()
  return null
}

const signOutListeners = new Set<() => void>()

/** Calls back when one signs out in this tab; gives how to stop that. */
export function onSignOut(listener: () => void): () => void {
  signOutListeners.add(listener)
  return () => void signOutListeners.delete(listener)
}

/** Nobody is signed in here any more, and nothing waits for them. */
export function endHere(): void {
  wanted.peek()?.settle(false)
  me.value = null
}

/** Any answer that tells who is signed in now. */
export function became(answer: Answer<Me>): Answer<Me> {
  if (answer.ok) become(answer.value)
  return answer
}

function become(who: Me): void {
  const before = me.peek()?.name
  useCsrf(who.csrf_token ?? '')
  me.value = who
  const asked = wanted.peek()
  // What waits was asked by who was here before: it does not go on in the name of somebody else.
  if (before !== undefined && before !== who.name) asked?.settle(false)
  // By whichever door they came in: nobody is asked to once more.
  else if (asked?.kind === 'sign-in') asked.settle(true)
}
