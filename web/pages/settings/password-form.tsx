// The own password: changed with the one of now, or set by who came by a link and has none.
import { useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { became, me } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import css from './settings.module.css'
import { useDoing, WhyNot } from './use-doing.tsx'

/** As the gateway has it (it decides). */
const CHARS_MIN = 12

export function PasswordForm() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [isDone, setDone] = useState(false)
  const doing = useDoing()
  const isFirst = me.value?.has_password === false
  const length = [...next.normalize('NFKC')].length
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setDone(false)
    const body = { password: next, ...(!isFirst && { current }) }
    const done = await doing.run(async () =>
      became(await ask('POST /api/v1/auth/password', {}, { body, isAlone: true })),
    )
    if (done === null) return
    setDone(true)
    setCurrent('')
    setNext('')
    refreshHeld((url) => url.includes('/sign-ins'))
  }
  return (
    <Panel title="Password">
      <form class={css.form} method="post" onSubmit={(event) => void submit(event)}>
        {/* So that a password manager knows whose it is. */}
        <input
          class="sr"
          tabIndex={-1}
          aria-hidden="true"
          readOnly
          autocomplete="username"
          value={me.value?.name ?? ''}
        />
        {isFirst && !isDone && (
          <Note state="warn" title="You have no password yet">
            You came by a one-time link. Set a password to come again without one.
          </Note>
        )}
        {isDone && (
          <Note state="up" title="The new password holds" isUrgent>
            Your other sign-ins have ended.
          </Note>
        )}
        <WhyNot doing={doing} fields={['/password']} />
        {!isFirst && (
          <Field label="Current password">
            <PasswordField value={current} onInput={setCurrent} autocomplete="current-password" isRequired />
          </Field>
        )}
        <Field
          label="New password"
          right={length === 0 ? undefined : `${length} characters`}
          help={`${CHARS_MIN} characters or more; any will do.`}
          error={doing.errorAt('/password')}
        >
          <PasswordField value={next} onInput={setNext} autocomplete="new-password" isRequired />
        </Field>
        <div class="row">
          <Button kind={isFirst ? 'ink' : 'plain'} type="submit" isBusy={doing.isBusy} busyWord="Setting">
            {isFirst ? 'Set the password' : 'Change the password'}
          </Button>
        </div>
      </form>
    </Panel>
  )
}
