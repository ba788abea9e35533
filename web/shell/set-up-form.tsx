// The first user of a gateway: whoever has the one-time token of its log.
import { useState } from 'preact/hooks'
import { setUp } from '../data/session.ts'
import type { Problem } from '../data/problem.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { TextField } from '../parts/controls.tsx'
import { Note } from '../parts/messages.tsx'
import css from './sign-in.module.css'

export function SetUpForm() {
  const [token, setToken] = useState('')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const answer = await setUp({ token: token.trim(), name, password })
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
  }
  const errorAt = (pointer: string): string | undefined =>
    problem?.errors.find((one) => one.pointer === pointer)?.message
  return (
    <form class={css.form} onSubmit={(event) => void submit(event)} method="post">
      <h1>Make the first user</h1>
      {problem !== null && problem.errors.length === 0 && (
        <Note state="down" title={problem.title} isUrgent>
          {problem.detail} {problem.hint}
        </Note>
      )}
      <Field
        label="Set-up token"
        help={
          <>
            From the log of this start, or <code>sluice admin setup-token</code> on the machine of the
            gateway.
          </>
        }
      >
        <TextField value={token} onInput={setToken} isMono isRequired hasFocus autocomplete="off" />
      </Field>
      <Field label="Name" error={errorAt('/name')}>
        <TextField value={name} onInput={setName} autocomplete="username" isRequired />
      </Field>
      <Field label="Password" help="12 characters or more; any will do." error={errorAt('/password')}>
        <TextField
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="new-password"
          isRequired
        />
      </Field>
      <div class={css.actions}>
        <Button kind="ink" size="lg" type="submit" isBusy={isBusy} busyWord="Making">
          Make the user and sign in
        </Button>
      </div>
    </form>
  )
}
