// The first user of a gateway: whoever has the one-time token of its log.
import { useState } from 'preact/hooks'
import { setUp } from '../data/session.ts'
import type { Problem } from '../data/problem.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { TextField } from '../parts/controls.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import css from './sign-in.module.css'
import { NotYetSecure, SignInRefused } from './sign-in-refused.tsx'
import { useWait } from './use-wait.ts'

export function SetUpForm() {
  const [token, setToken] = useState('')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const waitS = useWait(problem)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const answer = await setUp({ token: token.replaceAll(/[\s-]/g, ''), name: name.trim(), password })
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
  }
  const errorAt = (pointer: string): string | undefined =>
    problem?.errors.find((one) => one.pointer === pointer)?.message
  return (
    <form class={css.form} onSubmit={(event) => void submit(event)} method="post">
      <div>
        <h1>Make the first user</h1>
        <p class={css.sub}>It may do everything. Others are added later, with less.</p>
      </div>
      {problem === null && <NotYetSecure />}
      {problem !== null && problem.errors.length === 0 && (
        <SignInRefused problem={problem} waitS={waitS} name={name} />
      )}
      <Field
        label="Set-up token"
        right="from the log"
        help="Good once, until the gateway starts again. Spaces and dashes do not matter."
      >
        <TextField value={token} onInput={setToken} isMono isRequired hasFocus autocomplete="off" />
      </Field>
      <Field label="Name" error={errorAt('/name')}>
        <TextField value={name} onInput={setName} autocomplete="username" isRequired />
      </Field>
      <Field
        label="Password"
        help="12 characters or more; a sentence is fine. Pasting is too."
        error={errorAt('/password')}
      >
        <PasswordField value={password} onInput={setPassword} autocomplete="new-password" isRequired />
      </Field>
      <div class={css.actions}>
        <Button kind="ink" size="lg" type="submit" isBusy={isBusy} busyWord="Making">
          Make the user and sign in
        </Button>
      </div>
    </form>
  )
}
