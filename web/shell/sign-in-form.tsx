// Name and password, and the code of an authenticator app where the user has one. On a page of its own, or in
// a dialog over the page where a sign-in has ended.
import { useState } from 'preact/hooks'
import { me, signIn } from '../data/session.ts'
import type { Problem } from '../data/problem.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { TextField } from '../parts/controls.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import css from './sign-in.module.css'
import { NotYetSecure, SignInRefused } from './sign-in-refused.tsx'
import { useWait } from './use-wait.ts'

export interface SignInFormProps {
  readonly heading: string
  /** Who was signed in, and signs in anew. */
  readonly name?: string
  readonly onDone?: () => void
}

export function SignInForm({ heading, name: known = '', onDone }: SignInFormProps) {
  const [name, setName] = useState(known)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [tried, setTried] = useState('')
  const waitS = useWait(problem)
  const needsCode = problem?.code === 'code_needed' || code !== ''
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    // A try in between would only make the wait longer.
    if (waitS > 0 && name === tried) return
    setBusy(true)
    setTried(name)
    const answer = await signIn({ name, password, ...(code !== '' && { code }) })
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
    if (answer.ok) onDone?.()
  }
  return (
    <form class={css.form} onSubmit={(event) => void submit(event)} method="post">
      <h1>{heading}</h1>
      {problem === null && <NotYetSecure />}
      {problem !== null && problem.code !== 'code_needed' && (
        <SignInRefused problem={problem} waitS={waitS} name={tried} />
      )}
      <Field label="Name">
        <TextField
          value={name}
          onInput={setName}
          autocomplete="username"
          isRequired
          hasFocus={known === ''}
        />
      </Field>
      <Field label="Password">
        <PasswordField
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          isRequired
          hasFocus={known !== ''}
        />
      </Field>
      {needsCode && (
        <Field label="Code" help="Of your authenticator app, or a recovery code.">
          <TextField value={code} onInput={setCode} autocomplete="one-time-code" hasFocus isRequired />
        </Field>
      )}
      <div class={css.actions}>
        <Button
          kind="ink"
          size="lg"
          type="submit"
          isBusy={isBusy}
          busyWord="Signing in"
          disabledWhy={waitS > 0 && name === tried ? `in ${clockOf(waitS)}` : null}
        >
          Sign in{me.value?.name === undefined ? '' : ' again'}
        </Button>
      </div>
    </form>
  )
}

/** `48 s`, `14:03`. */
const clockOf = (s: number): string =>
  s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
