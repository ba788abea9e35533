// Tries an operation as who is signed in: reading as it is, changes dry.
import { useState } from 'preact/hooks'
import { type Answer, ask, type Asking, type Route } from '../../../data/api.ts'
import { took } from '../../../data/say.ts'
import { API_BASE, queryOf, segment } from '../../../data/urls.ts'
import { Button } from '../../../parts/button.tsx'
import { AreaField, TextField } from '../../../parts/controls.tsx'
import { Field } from '../../../parts/field.tsx'
import { Panel } from '../../../parts/panel.tsx'
import type { Role } from '../../../parts/rights.ts'
import { Status } from '../../../parts/status.tsx'
import { Code } from '../../../parts/words.tsx'
import css from './api-docs.module.css'
import { curlOf, exampleOf, type OpenApi, type Operation, typeWords, wantsBase } from './openapi.ts'

/** More of an answer is cut: a browser draws no megabytes of text. */
const SHOWN_CHARS_MAX = 40_000

interface Came {
  readonly answer: Answer<unknown>
  readonly ms: number
}

export interface TryItProps {
  readonly document: OpenApi
  readonly operation: Operation
}

/** What was filled in, and where it leads. */
function useFilledIn({ document, operation }: TryItProps) {
  const { path, body, trial } = operation
  const fields = operation.parameters.filter(({ in: place }) => place !== 'header')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [text, setText] = useState(() =>
    body === null ? '' : JSON.stringify(exampleOf(document, body.schema) ?? {}, null, 2),
  )
  const valueOf = (name: string): string =>
    trial === 'dry' && name === 'dry_run' ? 'true' : (values[name] ?? '')
  const ofPlace = (wanted: string): Record<string, string> =>
    Object.fromEntries(
      fields.flatMap(({ name, in: place }) => {
        const value = valueOf(name)
        return place === wanted && value !== '' ? [[name, value]] : []
      }),
    )
  const filled = path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name] ?? ''
    return value === '' ? whole : segment(value)
  })
  const missing = fields.find(({ name, in: place }) => place === 'path' && (values[name] ?? '') === '')
  const url = `${location.origin}${API_BASE}${filled.slice(1)}${queryOf(ofPlace('query'))}`
  const put = (name: string, value: string): void => setValues({ ...values, [name]: value })
  return { fields, valueOf, put, text, setText, url, missing, ofPlace }
}

export function TryIt({ document, operation }: TryItProps) {
  const { method, path, body, trial, role } = operation
  const { fields, valueOf, put, text, setText, url, missing, ofPlace } = useFilledIn({ document, operation })
  const [came, setCame] = useState<Came | null>(null)
  const [isBusy, setBusy] = useState(false)
  const send = async (): Promise<void> => {
    setBusy(true)
    const begun = performance.now()
    const asking = {
      // Not all that it answers is JSON.
      ...{ query: ofPlace('query'), accept: '*/*' },
      ...(body !== null && { text: { type: body.type, body: text } }),
      // What is tried dry was made from what there is now.
      ...(wantsBase(operation) && { ifMatch: '*' }),
    } as Asking<Route>
    const answer: Answer<unknown> = await ask(`${method} ${path}` as Route, ofPlace('path'), asking)
    setBusy(false)
    setCame({ answer, ms: performance.now() - begun })
  }
  return (
    <Panel title="Try it">
      <form
        class={css.form}
        method="post"
        onSubmit={(event) => {
          event.preventDefault()
          if (trial !== 'none' && missing === undefined) void send()
        }}
      >
        {fields.map(({ name, in: place, required = false, schema = {} }) => (
          <Field
            key={`${place} ${name}`}
            label={name}
            right={required ? `${place}, required` : place}
            help={typeWords(schema)}
          >
            <TextField
              isMono
              value={valueOf(name)}
              isDisabled={trial === 'dry' && name === 'dry_run'}
              onInput={(next) => put(name, next)}
            />
          </Field>
        ))}
        {body !== null && (
          <Field label="Body" right={body.type}>
            <AreaField isMono rows={8} value={text} onInput={setText} />
          </Field>
        )}
        <div class="row">
          {trial === 'none' ? (
            <p class="supporting">
              This acts at once, or does not end: it is not tried here. The line below does it.
            </p>
          ) : (
            <Button
              kind="ink"
              type="submit"
              icon="play"
              isBusy={isBusy}
              busyWord="Asking"
              needs={(role ?? undefined) as Role | undefined}
              disabledWhy={missing === undefined ? null : `${missing.name} is missing`}
            >
              {trial === 'dry' ? 'Try it dry' : 'Send'}
            </Button>
          )}
        </div>
        <Code isCopied text={curlOf(operation, { url, text })} />
      </form>
      {came !== null && <Outcome came={came} />}
    </Panel>
  )
}

function Outcome({ came: { answer, ms } }: { readonly came: Came }) {
  const value = answer.ok ? answer.value : answer.problem
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  const status = answer.ok ? answer.status : answer.problem.status
  const isCut = text.length > SHOWN_CHARS_MAX
  return (
    <div class={css.outcome} role="status">
      <p>
        <Status
          state={answer.ok ? 'up' : 'down'}
          word={status === 0 ? 'no answer' : `${status} in ${took(ms)}`}
          isQuiet={answer.ok}
        />
        {answer.ok && answer.etag !== null && (
          <>
            {' '}
            · ETag <code>{answer.etag}</code>
          </>
        )}
      </p>
      {text !== '' && <Code isBlock isCopied text={isCut ? text.slice(0, SHOWN_CHARS_MAX) : text} />}
      {isCut && <p class="supporting">The rest is cut here: {text.length} characters.</p>}
    </div>
  )
}
