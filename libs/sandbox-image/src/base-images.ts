import { DockerfileParser } from 'dockerfile-ast';

/** What a Dockerfile says about the images it is built from. */
export interface BaseImages {
  /** References of all images from outside this Dockerfile, in order, with build arguments filled in. */
  references: readonly string[];
  /** Names and defaults of the arguments declared before the first `FROM`. */
  args: Readonly<Record<string, string>>;
}

/** Reads which images a Dockerfile starts from or copies from, given these build arguments. */
export function readBaseImages(
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>> = {},
): BaseImages {
  const parsed = DockerfileParser.parse(dockerfile);
  const args: Record<string, string> = {};
  for (const arg of parsed.getInitialARGs()) {
    for (const property of arg.getProperties()) {
      args[property.getName()] = expand(property.getValue() ?? '', { ...args, ...buildArgs });
    }
  }
  const values = { ...args, ...pick(buildArgs, Object.keys(args)) };
  const stages = new Set<string>();
  const references: string[] = [];
  for (const from of parsed.getFROMs()) {
    references.push(expand(from.getImage() ?? '', values));
    const stage = from.getBuildStage();
    if (stage) stages.add(stage.toLowerCase());
  }
  for (const copy of parsed.getCOPYs()) {
    const source = copy.getFromFlag()?.getValue();
    if (source) references.push(source);
  }
  const outside = references.filter(
    (reference) =>
      reference !== '' &&
      reference !== 'scratch' &&
      !/^\d+$/.test(reference) &&
      !stages.has(reference.toLowerCase()),
  );
  return { references: [...new Set(outside)], args };
}

function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
    (_, braced: string | undefined, fallback: string | undefined, bare: string | undefined) =>
      values[braced ?? bare ?? ''] || (fallback ?? ''),
  );
}

function pick(values: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}
