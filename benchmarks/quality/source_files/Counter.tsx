import React, { useEffect, useState } from "react";

interface Props {
  start?: number;
  step?: number;
  onChange?: (value: number) => void;
}

export function Counter({ start = 0, step = 1, onChange }: Props) {
  const [value, setValue] = useState(start);

  useEffect(() => {
    onChange?.(value);
  }, [value, onChange]);

  return (
    <div className="counter">
      <button type="button" onClick={() => setValue((v) => v - step)}>
        -
      </button>
      <span aria-live="polite">{value}</span>
      <button type="button" onClick={() => setValue((v) => v + step)}>
        +
      </button>
      {value !== start && (
        <a href="#" onClick={() => setValue(start)}>
          Reset
        </a>
      )}
    </div>
  );
}
