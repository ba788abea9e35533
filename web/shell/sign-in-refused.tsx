// Why nobody is let in, and what ends that.
import type { Problem } from '../data/problem.ts'
import { age } from '../data/say.ts'
import { Note } from '../parts/messages.tsx'
import { Code } from '../parts/words.tsx'

export interface SignInRefusedProps {
  readonly problem: Problem
  /** Seconds that are left to wait. */
  readonly waitS: number
  readonly name: string
}

/** Of a name that a shell takes as it is. */
const PLAIN = /^[A-Za-z0-9_.@-]+$/

export function SignInRefused({ problem, waitS, name }: SignInRefusedProps) {
  if (problem.code === 'tls_needed')
    return <PlainHttp isUrgent title="Not without TLS" told={problem.detail} />
  const isLocked = problem.code === 'locked_out'
  const isOver = problem.retryAfterS !== undefined && waitS === 0
  if (isOver)
    return (
      <Note state="up" title="You can try again" isUrgent>
        Take care: each further failure makes the wait longer.
      </Note>
    )
  return (
    // Read out once, not each second: what counts is not part of it.
    <Note state={waitS > 0 ? 'warn' : 'down'} title={waitS > 0 ? 'Wait a little' : problem.title} isUrgent>
      {problem.detail} {problem.hint}
      {problem.retryAfterS !== undefined && ` The next try is heard in ${age(problem.retryAfterS)}.`}
      {isLocked && (
        <>
          {' '}
          Other names and addresses are not held up. On the machine of the gateway this ends it at once:
          <Code text={`sluice admin unlock ${PLAIN.test(name) ? name : 'USER'}`} isCopied />
        </>
      )}
    </Note>
  )
}

/** Before anything is typed: by plain HTTP from another machine a password would be read on its way. */
export const NotYetSecure = () =>
  isSecureContext ? null : (
    <PlainHttp
      title="Type no password here yet"
      told="Passwords are taken by TLS only, or from the machine of the gateway."
    />
  )

interface PlainHttpProps {
  readonly title: string
  readonly told: string
  readonly isUrgent?: boolean
}

function PlainHttp({ title, told, isUrgent = false }: PlainHttpProps) {
  const port = location.port === '' ? '80' : location.port
  return (
    <Note state="down" title={title} isUrgent={isUrgent}>
      {told} This page came by plain HTTP from another machine: whoever is between could read what you type.
      Give admin a certificate (<code>admin: {'{ tls: self_signed }'}</code>), or come by a tunnel and open{' '}
      <code>http://localhost:{port}/_admin/</code>:
      <Code text={`ssh -L ${port}:localhost:${port} ${location.hostname}`} isCopied />
    </Note>
  )
}
