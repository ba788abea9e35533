// What a one-time link opens: it signs in at once, asks for the code of a second factor, or says why not.
// Where somebody is signed in already it asks first: a link that came from somebody else makes nobody
// another one.
import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../data/problem.ts'
import { me } from '../data/session.ts'
import { signInByLink } from '../data/sign-in-link.ts'
import { to } from '../data/urls.ts'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/controls.tsx'
import { Field } from '../parts/field.tsx'
import { Note } from '../parts/messages.tsx'
import css from './sign-in.module.css'
import { SignInCard } from './sign-in-card.tsx'

export interface LinkPageProps {
  readonly token: string
  /** It is done with, one way or another. */
  readonly onDone: () => void
}

export function LinkPage({ token, onDone }: LinkPageProps) {
  const [code, setCode] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const who = me.value?.name
  const open = async (): Promise<void> => {
    setBusy(true)
    const answer = await signInByLink({ token, ...(code !== '' && { code }) })
    setBusy(false)
    if (!answer.ok) return setProblem(answer.problem)
    // Who has no password would stand before a locked door when this sign-in ends.
    if (answer.value.has_password === false) history.replaceState(history.state, '', to('/settings'))
    onDone()
  }
  useEffect(() => {
    document.title = 'Sign in · Sluice'
    if (who === undefined) void open()
  }, [token])
  const needsCode = problem?.code === 'code_needed' || code !== ''
  // The moment that it takes to sign in shows nothing, as the moment before it.
  if (who === undefined && problem === null) return null
  return (
    <SignInCard>
      <form
        class={css.form}
        method="post"
        onSubmit={(event) => {
          event.preventDefault()
          void open()
        }}
      >
        <h1>Sign in by a link</h1>
        {problem !== null && problem.code !== 'code_needed' && (
          <Note state="down" title={problem.title} isUrgent>
            {problem.detail} {problem.hint}
          </Note>
        )}
        {who !== undefined && problem === null && (
          <p>
            You are signed in as {who}. The link signs in whom it was made for, in place of {who}.
          </p>
        )}
        {needsCode && (
          <Field label="Code" help="Of your authenticator app, or a recovery code.">
            <TextField value={code} onInput={setCode} autocomplete="one-time-code" hasFocus isRequired />
          </Field>
        )}
        <div class={css.actions}>
          {(problem === null || needsCode) && (
            <Button kind="ink" size="lg" type="submit" isBusy={isBusy} busyWord="Signing in">
              Sign in
            </Button>
          )}
          <Button size="lg" onPress={onDone}>
            {who === undefined ? 'Sign in by name' : `Stay ${who}`}
          </Button>
        </div>
      </form>
    </SignInCard>
  )
}
