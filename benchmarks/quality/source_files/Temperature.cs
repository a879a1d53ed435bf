using System;
using System.Collections.Generic;
using System.Linq;

namespace Station
{
    public sealed class Temperature : IComparable<Temperature>
    {
        public double Celsius { get; }

        public Temperature(double celsius)
        {
            if (celsius < -273.15)
            {
                throw new ArgumentOutOfRangeException(nameof(celsius));
            }
            Celsius = celsius;
        }

        public double Fahrenheit => Celsius * 9 / 5 + 32;

        public int CompareTo(Temperature? other) => other is null ? 1 : Celsius.CompareTo(other.Celsius);

        public static Temperature Mean(IEnumerable<Temperature> values)
        {
            return new Temperature(values.Average(value => value.Celsius));
        }

        public override string ToString() => $"{Celsius:F1} C";
    }
}
