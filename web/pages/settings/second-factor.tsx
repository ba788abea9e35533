// An authenticator app as a second factor: set up, recovery codes told once, taken away.
import { useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { refreshHeld, useHeld } from '../../data/held.ts'
import { count } from '../../data/say.ts'
import { findMe } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Status } from '../../parts/status.tsx'
import { Codes, SetUpApp } from './set-up-app.tsx'
import css from './settings.module.css'
import { Unread, useDoing, WhyNot } from './use-doing.tsx'

export const refreshFactor = (): void => {
  refreshHeld((url) => url.endsWith('/auth/totp') || url.includes('/sign-ins'))
  void findMe()
}

export function SecondFactor() {
  const { value, problem } = useHeld('GET /api/v1/auth/totp', {}).value
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const [isSettingUp, setSettingUp] = useState(false)
  const [isLeaving, setLeaving] = useState(false)
  const begin = (): void => setSettingUp(true)
  return (
    <Panel title="Second factor">
      {value === null ? (
        problem === null ? (
          <Loading lines={3} />
        ) : (
          <Unread problem={problem} />
        )
      ) : (
        <div class={css.form}>
          {codes !== null && <Codes codes={codes} onDone={() => setCodes(null)} />}
          {value.enabled && codes === null && (
            <>
              <p>
                <Status state="up" word="An authenticator app is asked for" isQuiet={false} />
              </p>
              <p class="supporting">
                {count(value.recovery_codes_left, 'recovery code')} left. Set it up anew when they run out, or
                when you have another phone.
              </p>
              <div class="row">
                <Button onPress={() => setLeaving(true)}>Turn it off…</Button>
              </div>
            </>
          )}
          {!value.enabled && !isSettingUp && codes === null && (
            <>
              <p class="supporting">
                With an authenticator app, a password that somebody else has learned is not enough to sign in.
              </p>
              <div class="row">
                <Button icon="key" onPress={begin}>
                  Set up an app
                </Button>
              </div>
            </>
          )}
          {isSettingUp && (
            <SetUpApp
              onDone={(told) => {
                setSettingUp(false)
                setCodes(told)
                if (told !== null) refreshFactor()
              }}
            />
          )}
        </div>
      )}
      {isLeaving && <TurnOff onClose={() => setLeaving(false)} />}
    </Panel>
  )
}

function TurnOff({ onClose }: { readonly onClose: () => void }) {
  const doing = useDoing()
  const turnOff = async (): Promise<void> => {
    if ((await doing.run(() => ask('DELETE /api/v1/auth/totp', {}))) === null) return
    refreshFactor()
    onClose()
  }
  return (
    <Dialog
      title="Turn the second factor off"
      onClose={onClose}
      onSubmit={() => void turnOff()}
      actions={
        <>
          <Button onPress={onClose}>Leave it on</Button>
          <Button kind="danger" type="submit" isBusy={doing.isBusy}>
            Turn it off
          </Button>
        </>
      }
    >
      <p>From then on your password alone signs you in. Its recovery codes are good for nothing any more.</p>
      <WhyNot doing={doing} />
    </Dialog>
  )
}
