// Name and password, and the code of an authenticator app where the user has one. On a page of its own, or in
// a dialog over the page where a sign-in has ended.
import { useState } from 'preact/hooks'
import { me, signIn } from '../data/session.ts'
import type { Problem } from '../data/problem.ts'
import { age } from '../data/say.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { TextField } from '../parts/controls.tsx'
import { Note } from '../parts/messages.tsx'
import css from './sign-in.module.css'

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
  const needsCode = problem?.code === 'code_needed' || code !== ''
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const answer = await signIn({ name, password, ...(code !== '' && { code }) })
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
    if (answer.ok) onDone?.()
  }
  return (
    <form class={css.form} onSubmit={(event) => void submit(event)} method="post">
      <h1>{heading}</h1>
      {problem !== null && problem.code !== 'code_needed' && (
        <Note state="down" title={problem.title} isUrgent>
          {problem.detail} {problem.hint}
          {problem.retryAfterS !== undefined && ` The next try is heard in ${age(problem.retryAfterS)}.`}
          {problem.code === 'locked_out' && (
            <>
              {' On the machine of the gateway '}
              <code>sluice admin unlock {name}</code> ends the wait at once.
            </>
          )}
        </Note>
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
        <TextField
          type="password"
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
        <Button kind="ink" size="lg" type="submit" isBusy={isBusy} busyWord="Signing in">
          Sign in{me.value?.name === undefined ? '' : ' again'}
        </Button>
      </div>
    </form>
  )
}
