/** What happens while `sandbox dev` runs. */
export type DevEvent =
  | { readonly type: 'watching'; readonly root: string }
  | { readonly type: 'changed'; readonly paths: readonly string[] }
  | { readonly type: 'step'; readonly name: string; readonly ms: number }
  | { readonly type: 'note'; readonly text: string }
  /** All is ready again; `ms` since the change was seen. */
  | { readonly type: 'ready'; readonly ms: number }
  /** The next save tries again, with what is pending. */
  | { readonly type: 'failed'; readonly step: string; readonly message: string };
