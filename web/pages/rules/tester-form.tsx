// The request that is tested, as it is entered.
import type { ListenerRow } from '../../data/rule-words.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { isConnection, isKeptOut, type TestedRequest } from './tested.ts'
import css from './tester.module.css'

interface TesterFormProps {
  readonly request: TestedRequest
  readonly listeners: readonly ListenerRow[]
  readonly isAsking: boolean
  /** Takes a curl command; false: it is none. */
  readonly paste: (text: string) => boolean
  readonly onChange: (next: TestedRequest) => void
  readonly onSubmit: () => void
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export function TesterForm({ request, listeners, isAsking, paste, onChange, onSubmit }: TesterFormProps) {
  const { headers } = request
  const set = (next: Partial<TestedRequest>): void => onChange({ ...request, ...next })
  const isPlain = isConnection(request.url)
  const shown = listeners.filter(({ protocol }) => isPlain || protocol !== 'tls')
  return (
    <form
      class={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <div class={isPlain ? undefined : css.url}>
        {!isPlain && (
          <SelectField
            label="Method"
            value={request.method}
            options={METHODS}
            onInput={(method) => set({ method })}
          />
        )}
        <TextField
          isMono
          hasFocus
          label="URL, or a curl command to paste"
          placeholder="https://api.example.org/v2, or paste curl"
          value={request.url}
          onInput={(url) => {
            if (!paste(url)) set({ url })
          }}
          onPaste={paste}
        />
      </div>
      <div class={css.pair}>
        <TextField
          isMono
          label="Address of the client"
          placeholder="client 127.0.0.1"
          value={request.client}
          onInput={(client) => set({ client })}
        />
        {shown.length > 1 && (
          <SelectField
            label="Listener"
            value={request.listener}
            options={[
              { value: '', label: 'listener of its port' },
              ...shown.map(({ name }) => ({ value: name, label: `at ${name}` })),
            ]}
            onInput={(listener) => set({ listener })}
          />
        )}
      </div>
      {isPlain && (
        <TextField
          isMono
          label="Protocols that its TLS offers (ALPN)"
          placeholder="ALPN, such as h2, http/1.1"
          value={request.alpn}
          onInput={(alpn) => set({ alpn })}
        />
      )}
      {!isPlain && <Headers headers={headers} onInput={(next) => set({ headers: next })} />}
      <div class={css.deeds}>
        {!isPlain && (
          <Button icon="plus" size="sm" onPress={() => set({ headers: [...headers, ''] })}>
            Header
          </Button>
        )}
        {!isPlain && headers.some(isKeptOut) && (
          <span class="quiet small">Credentials stay out of the link.</span>
        )}
        <span class={css.push}>
          <Button kind="ink" size="sm" type="submit" isBusy={isAsking} busyWord="Asking">
            Explain
          </Button>
        </span>
      </div>
    </form>
  )
}

interface HeadersProps {
  readonly headers: readonly string[]
  readonly onInput: (headers: readonly string[]) => void
}

const Headers = ({ headers, onInput }: HeadersProps) => (
  <>
    {headers.map((header, at) => (
      <div class={css.header} key={at}>
        <TextField
          isMono
          label={`Header ${at + 1}`}
          placeholder="Cookie: uid=5f3a91"
          value={header}
          hasFocus={header === ''}
          onInput={(text) => onInput(headers.with(at, text))}
        />
        <Button
          kind="quiet"
          icon="cross"
          label={`Remove header ${at + 1}`}
          onPress={() => onInput(headers.toSpliced(at, 1))}
        />
      </div>
    ))}
  </>
)
