// A backend that only the draft has: what it will be, and the way to run it.
import { useState } from 'preact/hooks'
import { changeOf, create, discard } from '../../data/draft.ts'
import { isMap, type JsonMap } from '../../data/merge.ts'
import { sentence } from '../../data/reviewing.ts'
import { segment, to } from '../../data/urls.ts'
import { useTriedChange } from '../../data/use-tried-change.ts'
import { Button } from '../../parts/button.tsx'
import { AreaField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Tag } from '../../parts/status.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { saidAgainst } from './tried-words.ts'

export function DraftedBackend({ backend, value }: { readonly backend: string; readonly value: JsonMap }) {
  const { go } = useAddress()
  const drop = (): void => {
    discard(`backends/${segment(backend)}`)
    go(to('/backends'))
  }
  return (
    <>
      <PageHead
        crumb={{ href: to('/backends'), label: 'Backends' }}
        title={backend}
        tag={<Tag state="draft">new</Tag>}
        actions={
          <>
            <Button onPress={drop}>Take out of the draft</Button>
            <Button kind="ink" href={to('/review')}>
              Review
            </Button>
          </>
        }
      >
        It is in the draft of this tab and does not run yet.
      </PageHead>
      <Panel title="As it will be written">
        <Written backend={backend} value={value} />
      </Panel>
    </>
  )
}

/** What is wrong in it is mended here, as the forms of a backend are for one that runs. */
function Written({ backend, value }: { readonly backend: string; readonly value: JsonMap }) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2))
  const read = readBackend(text, backend)
  const { errors, general } = useTriedChange(changeOf(`backends/${segment(backend)}`))
  const refused = saidAgainst(errors)[0] ?? (general === null ? undefined : sentence(general))
  const type = (next: string): void => {
    setText(next)
    const { value: typed } = readBackend(next, backend)
    if (typed !== null) create('backends', typed)
  }
  return (
    <Field
      label="Fields of the backend, as JSON"
      help="What you type is in the draft as soon as it is whole."
      error={read.why ?? refused}
    >
      <AreaField value={text} onInput={type} rows={Math.min(24, text.split('\n').length + 1)} isMono />
    </Field>
  )
}

function readBackend(text: string, backend: string): { value: JsonMap | null; why: string | undefined } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return {
      value: null,
      why: `It is no JSON yet: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
  if (!isMap(value)) return { value: null, why: 'It is to be one map: { … }.' }
  if (value['name'] === backend) return { value, why: undefined }
  return { value: null, why: `Its name stays ${backend}: for another one take it out, and add that.` }
}
