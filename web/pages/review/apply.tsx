// What makes the draft run: why, with which way back, and what happens then.
import { gatewayNow } from '../../data/clock.ts'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { draft } from '../../data/draft.ts'
import type { Problem } from '../../data/problem.ts'
import { applyDraft, isRisky, sentence, type Tried } from '../../data/reviewing.ts'
import { clock } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { SelectField, SwitchField, TextField } from '../../parts/controls.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Code } from '../../parts/words.tsx'
import { Refused } from './refused.tsx'
import css from './review.module.css'
import type { Trying } from './use-tried.ts'

export interface ApplyPanelProps {
  readonly trying: Trying & { readonly again: () => void }
  readonly onDone: () => void
}

const CONFIRM_S = [
  { value: '30', label: '30 s' },
  { value: '60', label: '1 min' },
  { value: '120', label: '2 min' },
  { value: '300', label: '5 min' },
  { value: '900', label: '15 min' },
] as const
const WATCH_S = [
  { value: '30', label: '30 s' },
  { value: '60', label: '1 min' },
  { value: '300', label: '5 min' },
] as const

export function ApplyPanel({ trying, onDone }: ApplyPanelProps) {
  const { tried, problem, question } = trying
  if (tried === null) return null
  if (tried.not_writable !== undefined) return <Unwritten {...tried.not_writable} />
  return (
    <Form
      key={isRisky(tried) ? 'risky' : 'plain'}
      trying={trying}
      tried={tried}
      why={question === null ? whyNot(tried, problem) : 'what both changed is to be decided above'}
      onDone={onDone}
    />
  )
}

function whyNot(tried: Tried, problem: Problem | null): string | null {
  if (problem !== null) return 'what stands against it is told above'
  return tried.changed === false ? 'the file says all of it already' : null
}

interface FormProps {
  readonly trying: Trying & { readonly again: () => void }
  readonly tried: Tried
  readonly why: string | null
  readonly onDone: () => void
}

function Form({ trying, tried, why, onDone }: FormProps) {
  const [message, setMessage] = useState('')
  const [isConfirmed, setConfirmed] = useState(isRisky(tried))
  const [confirmS, setConfirmS] = useState('120')
  const [isWatched, setWatched] = useState(false)
  const [watchS, setWatchS] = useState('60')
  const [isSending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const form = useRef<HTMLFormElement>(null)
  useSubmitKey(form)
  const send = async (): Promise<void> => {
    const { of } = trying
    // What was tried and no other: a key may come before what it changed is tried.
    if (isSending || why !== null || trying.isBusy || of === null || of !== draft.peek()) return
    setSending(true)
    const answer = await applyDraft(of, tried, {
      message: message.trim(),
      confirmWithinS: isConfirmed ? Number(confirmS) : null,
      watchS: isWatched ? Number(watchS) : null,
    })
    setSending(false)
    setProblem(answer.ok ? null : answer.problem)
    if (answer.ok) onDone()
    // Somebody was faster: what it would do now is asked anew, and the conflict is told there.
    else if (answer.problem.status === 412) trying.again()
  }
  return (
    <Panel title="Apply">
      <form
        ref={form}
        class={css.form}
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <Field label="Message" right="for history and audit">
          <TextField value={message} onInput={setMessage} />
        </Field>
        <div class={css.choice}>
          <SwitchField value={isConfirmed} onInput={setConfirmed} words="Take back unless confirmed within" />
          {isConfirmed && (
            <div class={css.below}>
              <SelectField
                label="Time to confirm"
                value={confirmS}
                onInput={setConfirmS}
                options={CONFIRM_S}
              />
              <span>counted by the gateway, also when this browser is gone</span>
            </div>
          )}
        </div>
        <div class={css.choice}>
          <SwitchField
            value={isWatched}
            onInput={setWatched}
            words="Take back if traffic fares worse within"
          />
          {isWatched && (
            <div class={css.below}>
              <SelectField label="Time to watch" value={watchS} onInput={setWatchS} options={WATCH_S} />
              <span>5xx, latency and usable servers, held against as long before</span>
            </div>
          )}
        </div>
        {problem !== null && problem.status !== 412 && <Refused problem={problem} />}
        <div class={css.send}>
          <Button
            kind="ink"
            size="lg"
            type="submit"
            needs="editor"
            isBusy={isSending || trying.isBusy}
            busyWord={isSending ? 'Applying' : 'Trying the draft'}
            disabledWhy={why}
          >
            {isConfirmed ? 'Apply, then confirm' : 'Apply'} <kbd>Ctrl ↵</kbd>
          </Button>
        </div>
        <Then tried={tried} confirmS={isConfirmed ? Number(confirmS) : null} isWatched={isWatched} />
      </form>
    </Panel>
  )
}

/** Ctrl and Enter, wherever the focus is, from the moment that the form is there to be seen. */
function useSubmitKey(form: { readonly current: HTMLFormElement | null }): void {
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      form.current?.requestSubmit()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [form])
}

interface ThenProps {
  readonly tried: Tried
  readonly confirmS: number | null
  readonly isWatched: boolean
}

/** What will happen, before it is pressed. */
function Then({ tried, confirmS, isWatched }: ThenProps) {
  const before = tried.base.revision ?? 0
  const next = `r${before + 1}`
  return (
    <ol class={css.then}>
      <li>
        <b>Now</b> {next} runs and is written to the file
      </li>
      {isWatched && (
        <li>
          <b>Meanwhile</b> the gateway takes it back by itself where traffic fares worse
        </li>
      )}
      {confirmS !== null && (
        <li>
          <b>Until {clock(gatewayNow() + confirmS * 1000)}</b> “Keep {next}” or “Take back”, on every page
        </li>
      )}
      <li>
        <b>{confirmS === null ? 'At any time' : 'Otherwise'}</b>{' '}
        {confirmS === null ? `undo brings r${before} back` : `r${before} returns`}, and the file with it
      </li>
    </ol>
  )
}

/** What it would do is known; where it can be done is told. */
function Unwritten({ cause, hint, patch = '' }: NonNullable<Tried['not_writable']>) {
  return (
    <Panel title="Apply">
      <div class={css.form}>
        <p>
          {sentence(cause)} So nothing can be applied from here. {sentence(hint)}
        </p>
        {patch !== '' && (
          <>
            <p>
              The patch, for patch -p0 or git apply -p0; the gateway serves it as soon as the file says so:
            </p>
            <Code text={patch} isCopied isBlock />
          </>
        )}
      </div>
    </Panel>
  )
}
