// The text as a file: down to this machine, and up from it.
import { useRef, useState } from 'preact/hooks'
import { can } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import type { Edited } from './use-edited.ts'

/** The gateway takes no larger one. */
const BYTES_MAX = 16 * 1024 * 1024

export function FileActions({ file, edited }: { readonly file: string; readonly edited: Edited }) {
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const name = file.split('/').at(-1) ?? 'sluice.yaml'
  const take = async (picked: File | undefined): Promise<void> => {
    if (picked === undefined) return
    if (picked.size > BYTES_MAX) return setProblem(`${picked.name} is larger than 16 MiB`)
    setProblem(null)
    edited.type(await picked.text())
    edited.flush()
  }
  return (
    <>
      <Button
        kind="quiet"
        icon="download"
        disabledWhy={edited.text === null ? 'the text has not come yet' : null}
        onPress={() => download(can('edit') ? name : `${name}.json`, edited.text ?? '')}
      >
        Download
      </Button>
      <Button
        kind="quiet"
        icon="upload"
        needs="editor"
        disabledWhy={problem}
        onPress={() => input.current?.click()}
      >
        Upload
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".yaml,.yml,.toml,.json,text/*"
        aria-label="A config file"
        onChange={({ currentTarget }) => {
          void take(currentTarget.files?.[0])
          currentTarget.value = ''
        }}
      />
    </>
  )
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
