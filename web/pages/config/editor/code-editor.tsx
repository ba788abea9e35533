// A place for the code editor, which comes as a chunk of its own. On a touch screen, and where that chunk
// does not come, a plain field takes its place, with the system's own selection, as long as the text.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Finding } from '../../../data/findings.ts'
import { useHeld } from '../../../data/held.ts'
import { Loading } from '../../../parts/empty.tsx'
import css from './editor.module.css'
import type { MountedEditor } from './mount.ts'

export interface CodeEditorProps {
  readonly text: string
  readonly label: string
  readonly isYaml: boolean
  readonly isReadOnly: boolean
  readonly findings: readonly Finding[]
  /** A line to go to; another `at` goes there again. */
  readonly place: { readonly line: number; readonly column?: number | undefined; readonly at: number } | null
  readonly onText: (text: string) => void
  readonly onValidate: () => void
  readonly onFlush: () => void
}

export function CodeEditor(props: CodeEditorProps) {
  const [isPlain, setPlain] = useState(() => matchMedia('(pointer: coarse)').matches)
  return isPlain ? <PlainEditor {...props} /> : <RichEditor {...props} onMissing={() => setPlain(true)} />
}

function RichEditor(props: CodeEditorProps & { readonly onMissing: () => void }) {
  const host = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  latest.current = props
  const typed = useRef<string[]>([])
  const [editor, setEditor] = useState<MountedEditor | null>(null)
  useEffect(() => {
    let isGone = false
    let made: MountedEditor | null = null
    const begin = async (): Promise<void> => {
      const chunk = await import('./mount.ts').catch(() => null)
      if (isGone || host.current === null) return
      if (chunk === null) return latest.current.onMissing()
      const { text, label, isYaml, isReadOnly } = latest.current
      made = chunk.mount({
        root: host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' }),
        ...{ text, label, isYaml, isReadOnly },
        onText: (next) => {
          typed.current.push(next)
          latest.current.onText(next)
        },
        onValidate: () => latest.current.onValidate(),
        onFlush: () => latest.current.onFlush(),
      })
      setEditor(made)
    }
    void begin()
    return () => {
      isGone = true
      made?.destroy()
    }
  }, [])
  const schema = useHeld('GET /api/v1/config/schema', {}).value.value
  useEffect(() => {
    // What was typed comes back late, when the next letter may be there: only what is of others is put.
    const place = typed.current.indexOf(props.text)
    if (place === -1) editor?.setText(props.text)
    typed.current.splice(0, place === -1 ? Infinity : place + 1)
  }, [editor, props.text])
  useEffect(() => editor?.setReadOnly(props.isReadOnly), [editor, props.isReadOnly])
  useEffect(() => editor?.setFindings(props.findings), [editor, props.findings])
  useEffect(() => {
    if (schema !== null) editor?.setSchema(schema)
  }, [editor, schema])
  const { place } = props
  useEffect(() => {
    if (place !== null) editor?.reveal(place.line, place.column)
  }, [editor, place?.at, place?.line])
  return (
    <div class={css.code}>
      {editor === null && (
        // Over its place, which is as large as it will be: it measures itself when it comes.
        <div class={css.coming}>
          <Loading lines={12} label="The editor is coming" />
        </div>
      )}
      {/* Letters typed in it are no keys of the page. */}
      <div ref={host} class={css.host} data-keys="own" />
    </div>
  )
}

function PlainEditor({ text, label, isReadOnly, place, onText, onValidate }: CodeEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (place === null || area.current === null) return
    const from = text.split('\n', place.line - 1).join('\n').length + (place.line > 1 ? 1 : 0)
    area.current.focus()
    area.current.setSelectionRange(
      from,
      text.indexOf('\n', from) === -1 ? text.length : text.indexOf('\n', from),
    )
  }, [place?.at, place?.line])
  return (
    <textarea
      ref={area}
      class={css.plain}
      aria-label={label}
      value={text}
      readOnly={isReadOnly}
      rows={Math.min(60, text.split('\n').length + 2)}
      wrap="off"
      spellcheck={false}
      autocapitalize="off"
      autocomplete="off"
      onInput={(event) => onText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        onValidate()
      }}
    />
  )
}
