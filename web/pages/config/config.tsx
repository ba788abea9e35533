// The config file: its text with help and problems at their line; what is typed becomes the draft.
import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso/router'
import { useEffect, useState } from 'preact/hooks'
import { draft } from '../../data/draft.ts'
import type { Finding } from '../../data/findings.ts'
import { useHeld } from '../../data/held.ts'
import { count } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Tag } from '../../parts/status.tsx'
import { ConfigTabs } from './config-tabs.tsx'
import { CodeEditor } from './editor/code-editor.tsx'
import css from './editor/editor.module.css'
import { Findings, Verdict } from './editor/findings.tsx'
import { useValidated } from './editor/use-validated.ts'
import { FileActions } from './file-actions.tsx'
import { NotWhatRuns } from './rejected.tsx'
import { type Edited, type Side, useEdited } from './use-edited.ts'
import type { ConfigStatus } from './use-edited.ts'

export function Config() {
  const { query, route } = useLocation()
  const status = useHeld('GET /api/v1/config/status', {}, { topics: ['config'] }).value.value
  const isSame = status === null || status.disk.state === 'in_sync'
  const side: Side = query['of'] === 'running' || isSame ? 'running' : 'disk'
  const edited = useEdited(status, side)
  const pick = (next: Side): void => {
    edited.flush()
    route(to(next === 'running' ? '/config?of=running' : '/config'), true)
  }
  return (
    <>
      <PageHead
        title="Config"
        actions={
          <>
            <FileActions file={status?.disk.file ?? 'sluice.yaml'} edited={edited} />
            <Button
              kind="ink"
              href={to('/review')}
              needs="editor"
              disabledWhy={draft.value.kind === 'none' ? 'nothing is changed' : null}
              onPress={edited.flush}
            >
              Review
            </Button>
          </>
        }
      >
        {can('edit')
          ? 'The file and the forms are one: what you type here waits as the draft until it is reviewed and applied.'
          : 'What the file says. Its text may hold secrets, and is for the role editor; they are left out here.'}
      </PageHead>
      <ConfigTabs current="editor" />
      {status !== null && <NotWhatRuns status={status} />}
      {status?.disk.is_read_only === true && <ReadOnlyNote />}
      <DraftNotes edited={edited} running={status?.running?.revision ?? 0} />
      <EditorPanel
        edited={edited}
        status={status}
        line={Number(query['line'] ?? 0)}
        switchSide={
          !isSame && draft.value.kind === 'none' ? (
            <Segmented
              label="Which text"
              value={side}
              onPick={pick}
              options={[
                { value: 'running', label: `Running r${status.running?.revision ?? ''}` },
                { value: 'disk', label: 'On disk' },
              ]}
            />
          ) : null
        }
      />
    </>
  )
}

function ReadOnlyNote() {
  return (
    <Note state="warn" title="The file cannot be written where the gateway runs">
      What you change here can be reviewed, and taken away as a patch for where the file comes from.
    </Note>
  )
}

/** The draft is not what one might take it for. */
function DraftNotes({ edited, running }: { readonly edited: Edited; readonly running: number }) {
  const now = draft.value
  const { withoutForms } = edited
  if (now.kind === 'changes' && withoutForms !== null)
    return (
      <Note
        state="draft"
        title={`${count(now.changes.length, 'change')} of forms cannot be shown in this text`}
        actions={<Button href={to('/review')}>Review</Button>}
      >
        {withoutForms.detail} What you type here takes their place.
      </Note>
    )
  if (now.kind !== 'text' || now.baseRevision >= running) return null
  return (
    <Note
      state="draft"
      title={`Your text was made from r${now.baseRevision}, and r${running} runs`}
      actions={<Button href={to('/review')}>Rebase</Button>}
    >
      Nothing of either is lost: the review puts both together, and asks where they meet.
    </Note>
  )
}

interface EditorPanelProps {
  readonly edited: Edited
  readonly status: ConfigStatus | null
  readonly line: number
  readonly switchSide: ComponentChildren
}

function EditorPanel({ edited, status, line, switchSide }: EditorPanelProps) {
  const { text, problem } = edited
  const isEditor = can('edit')
  const validation = useValidated(text, !isEditor)
  const [place, setPlace] = useState<{ line: number; column?: number | undefined; at: number } | null>(null)
  useEffect(() => {
    if (line > 0) setPlace({ line, at: 0 })
  }, [line])
  const go = ({ line: to = 1, column }: Finding): void =>
    setPlace({ line: to, column, at: performance.now() })
  const file = status?.disk.file ?? ''
  const isYaml = /\.ya?ml$/i.test(file) || file === ''
  return (
    <Panel isFlush>
      <div class={css.head}>
        <code>{file}</code>
        {draft.value.kind !== 'none' && (
          <Tag state="draft">{draft.value.kind === 'text' ? 'your text' : 'with the draft of forms'}</Tag>
        )}
        <div class={css.end}>
          {switchSide}
          {isEditor && <Verdict validation={validation} />}
        </div>
      </div>
      {text === null || status === null ? (
        problem === null ? (
          <Loading lines={14} />
        ) : (
          <Note state="down" title={problem.title}>
            {problem.detail}
          </Note>
        )
      ) : (
        <CodeEditor
          text={text}
          label={`Text of ${file}`}
          isYaml={isYaml && isEditor}
          isReadOnly={!isEditor}
          findings={validation.findings ?? NO_FINDINGS}
          place={place}
          onText={edited.type}
          onValidate={validation.validateNow}
          onFlush={edited.flush}
        />
      )}
      {isEditor && <Findings validation={validation} onGo={go} />}
    </Panel>
  )
}

const NO_FINDINGS: readonly Finding[] = []
