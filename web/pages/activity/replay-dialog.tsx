// Sends a request once more, to a server of one's choice and the one that had it, and compares the answers.
import { useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import type { RequestReplay, ServedRequest } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { bytes, list, took } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField } from '../../parts/controls.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './replay.module.css'

type Credentials = 'send' | 'leave_out'

export function ReplayDialog({
  request,
  onClose,
}: {
  readonly request: ServedRequest
  readonly onClose: () => void
}) {
  const { id, backend, server: had, hidden_headers: hidden } = request
  const servers = useHeld(
    'GET /api/v1/backends/{backend}/servers',
    { backend: backend ?? '' },
    { query: { limit: 500 } },
  ).value.value
  const names = (servers?.items ?? []).map((one) => one.id)
  const [picked, pick] = useState<string | null>(null)
  const server = picked ?? names.find((name) => name !== had) ?? names[0] ?? ''
  const [credentials, setCredentials] = useState<Credentials>('leave_out')
  const [isBusy, setBusy] = useState(false)
  const [found, setFound] = useState<RequestReplay | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const run = async (): Promise<void> => {
    setBusy(true)
    const body = { server, ...(hidden.length > 0 && { credentials }) }
    const answer = await ask('POST /api/v1/requests/{id}/replay', { id }, { body })
    setBusy(false)
    setFound(answer.ok ? answer.value : null)
    setProblem(answer.ok ? null : answer.problem)
  }
  return (
    <Dialog
      title="Send it once more"
      isWide
      onClose={onClose}
      onSubmit={() => void run()}
      actions={
        <>
          <Button onPress={onClose}>Close</Button>
          <Button
            kind="ink"
            type="submit"
            needs="operator"
            isBusy={isBusy}
            busyWord="Sending"
            disabledWhy={server === '' ? 'there is no server' : null}
          >
            {had === null || had === server ? `Send to ${server}` : `Send to ${server} and ${had}`}
          </Button>
        </>
      }
    >
      <p class="supporting">
        Straight to the servers, as the client sent it: middleware has no part in it, and it is in no log.
        {had === null ? '' : ` Both answers are compared: that of ${had}, which had it, and the other one.`}
      </p>
      <Field label="Server">
        <SelectField
          value={server}
          options={names.map((name) => ({
            value: name,
            label: name === had ? `${name}, which had it` : name,
          }))}
          onInput={pick}
        />
      </Field>
      {hidden.length > 0 && (
        <div class={css.credentials}>
          <Segmented
            label="Its credentials"
            value={credentials}
            onPick={setCredentials}
            options={[
              { value: 'leave_out', label: 'Leave credentials out' },
              { value: 'send', label: 'Send credentials' },
            ]}
          />
          <p class="quiet small">
            It came with {list([...new Set(hidden)])}. Whoever they belong to is who the server takes you for.
          </p>
        </div>
      )}
      {problem !== null && (
        <Note state="down" title={problem.title} isUrgent>
          {problem.detail}
        </Note>
      )}
      {found !== null && <Compared found={found} />}
    </Dialog>
  )
}

function Compared({ found }: { readonly found: RequestReplay }) {
  const { answers, same, headers_that_differ: names } = found
  const differing = [
    ...(same.status ? [] : ['status']),
    ...(same.headers ? [] : ['headers']),
    ...(same.size ? [] : ['size']),
    ...(same.body ? [] : ['body']),
  ]
  const isSame = differing.length === 0
  const both = answers.length > 1
  return (
    <section class={css.compared} aria-label="Answers" aria-live="polite">
      <h3>
        {both && <Shape state={isSame ? 'up' : 'warn'} size={10} />}
        {!both ? 'The answer' : isSame ? 'Both answer the same' : `They differ in ${list(differing)}`}
      </h3>
      <div class={css.answers}>
        <table>
          <thead>
            <tr>
              <td />
              {answers.map(({ server }) => (
                <th key={server} scope="col">
                  {server}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <AnswerRow
              name="Status"
              answers={answers}
              isSame={same.status}
              of={(one) => one.status ?? 'none'}
            />
            <AnswerRow name="Took" answers={answers} isSame of={(one) => took(one.ms)} />
            <AnswerRow
              name="Size"
              answers={answers}
              isSame={same.size}
              of={(one) => `${bytes(one.bytes)}${one.cut ? ' and more' : ''}`}
            />
            <AnswerRow
              name="Body"
              answers={answers}
              isSame={same.body}
              of={(one) => one.sha256?.slice(0, 12) ?? 'none'}
            />
            {names.map((name) => (
              <AnswerRow
                key={name}
                name={name}
                answers={answers}
                isSame={false}
                of={(one) => valuesOf(one, name)}
              />
            ))}
            {answers.some(({ failure }) => failure !== null) && (
              <AnswerRow name="Failed" answers={answers} isSame={false} of={(one) => one.failure ?? ''} />
            )}
          </tbody>
        </table>
      </div>
    </section>
  )
}

type One = RequestReplay['answers'][number]

const valuesOf = ({ headers }: One, name: string): string =>
  headers
    .filter(([own]) => own === name)
    .map(([, value]) => value)
    .join(', ') || 'is not there'

interface AnswerRowProps {
  readonly name: string
  readonly answers: readonly One[]
  readonly isSame: boolean
  readonly of: (answer: One) => string | number
}

function AnswerRow({ name, answers, isSame, of }: AnswerRowProps) {
  return (
    <tr class={isSame ? undefined : css.differs}>
      <th scope="row">{name}</th>
      {answers.map((answer) => (
        <td key={answer.server}>{of(answer)}</td>
      ))}
    </tr>
  )
}
