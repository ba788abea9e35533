// Setting up an authenticator app: a code to scan, its first answer, and the recovery codes, which are told
// this once.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import type { AnswerOf } from '../../data/api.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { NotCome, useOnDemand } from '../../parts/on-demand.tsx'
import { Copy } from '../../parts/words.tsx'
import css from './settings.module.css'
import { useDoing, WhyNot } from './use-doing.tsx'

type Begun = AnswerOf<'POST /api/v1/auth/totp'>

/** Null: it was given up. */
export function SetUpApp({ onDone }: { readonly onDone: (codes: readonly string[] | null) => void }) {
  const [begun, setBegun] = useState<Begun | null>(null)
  const [code, setCode] = useState('')
  const beginning = useDoing()
  const confirming = useDoing()
  useEffect(() => {
    void beginning
      .run(() => ask('POST /api/v1/auth/totp', {}))
      .then((done) => {
        if (done === null) return
        setBegun(done.value)
      })
  }, [])
  const confirm = async (event: Event): Promise<void> => {
    event.preventDefault()
    const done = await confirming.run(() =>
      ask('POST /api/v1/auth/totp/confirm', {}, { body: { code: code.replaceAll(/\s/g, '') } }),
    )
    if (done !== null) onDone(done.value.recovery_codes)
    else setCode('')
  }
  if (begun === null)
    return beginning.problem === null ? (
      <Loading lines={5} label="A secret is being made" />
    ) : (
      <>
        <WhyNot doing={beginning} />
        <div class="row">
          <Button onPress={() => onDone(null)}>Leave it</Button>
        </div>
      </>
    )
  return (
    <form class={css.told} method="post" onSubmit={(event) => void confirm(event)}>
      <p>Scan this with the app, or type the secret. Then show a code of it.</p>
      <QrCode text={begun.uri} />
      <div class="row">
        <code>{begun.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code>
        <Copy text={begun.secret} label="the secret" />
      </div>
      <WhyNot doing={confirming} />
      <Field label="Code" help="Six digits. The clocks of phone and gateway must agree.">
        <TextField
          value={code}
          onInput={setCode}
          inputMode="numeric"
          autocomplete="one-time-code"
          isRequired
          hasFocus
        />
      </Field>
      <div class="row">
        <Button kind="ink" type="submit" isBusy={confirming.isBusy}>
          Turn it on
        </Button>
        <Button onPress={() => onDone(null)}>Leave it</Button>
      </div>
    </form>
  )
}

const loadDrawing = () => import('uqr')

/** Drawn as one path; the package comes only when somebody sets an app up. */
function QrCode({ text }: { readonly text: string }) {
  const { value: module, hasFailed, again } = useOnDemand(loadDrawing)
  if (hasFailed) return <NotCome what="The code to scan" onAgain={again} />
  if (module === null) return <Loading lines={4} label="The code is being drawn" />
  const { data, size } = module.encode(text, { border: 2 })
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg
      class={css.qr}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code of the secret; the same as text stands below"
      shape-rendering="crispEdges"
    >
      <path d={path} fill="currentColor" />
    </svg>
  )
}

/** Shown once, with what to do with them. */
export function Codes({ codes, onDone }: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  return (
    <div class={css.told}>
      <Note state="up" title="The app is asked for from now on" isUrgent>
        Keep these recovery codes where the phone is not: each signs in once in place of the app. They are not
        shown again.
      </Note>
      <ul class={css.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="row">
        <Copy text={codes.join('\n')} label="all recovery codes" />
        <Button kind="ink" onPress={onDone}>
          I have kept them
        </Button>
      </div>
    </div>
  )
}
