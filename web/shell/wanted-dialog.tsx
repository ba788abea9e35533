// Over the page, where a call waits: the sign-in has ended, or what is dangerous wants the password
// once more. Nothing of the page below is lost.
import { useState } from 'preact/hooks'
import type { Problem } from '../data/problem.ts'
import { me, stepUp } from '../data/session.ts'
import { wanted } from '../data/wanted.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { Field } from '../parts/field.tsx'
import { TextField } from '../parts/controls.tsx'
import { Note } from '../parts/messages.tsx'
import css from './sign-in.module.css'
import { SignInForm } from './sign-in-form.tsx'

export function WantedDialog() {
  const asking = wanted.value
  if (asking === null) return null
  const giveUp = (): void => asking.settle(false)
  if (asking.kind === 'step-up') return <StepUp onDone={() => asking.settle(true)} onClose={giveUp} />
  return (
    <Dialog title="Your sign-in has ended" onClose={giveUp}>
      <p>What you entered stays as it is below.</p>
      <SignInForm heading="Sign in again" name={me.value?.name ?? ''} onDone={() => asking.settle(true)} />
    </Dialog>
  )
}

function StepUp({ onDone, onClose }: { readonly onDone: () => void; readonly onClose: () => void }) {
  const [secret, setSecret] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const isCode = /^\d{6}$/.test(secret)
    const answer = await stepUp(isCode ? { code: secret } : { password: secret })
    setBusy(false)
    if (answer.ok) onDone()
    else setProblem(answer.problem)
  }
  return (
    <Dialog title="Your password once more" onClose={onClose}>
      <form class={css.form} onSubmit={(event) => void submit(event)} method="post">
        <p>This may lock people out or let them in. For five minutes it is not asked again.</p>
        {problem !== null && (
          <Note state="down" title={problem.title} isUrgent>
            {problem.detail}
          </Note>
        )}
        <Field label={me.value?.totp === true ? 'Password or code' : 'Password'}>
          <TextField
            type="password"
            value={secret}
            onInput={setSecret}
            autocomplete="current-password"
            isRequired
            hasFocus
          />
        </Field>
        <div class={css.actions}>
          <Button kind="ink" type="submit" isBusy={isBusy}>
            Go on
          </Button>
          <Button onPress={onClose}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  )
}
