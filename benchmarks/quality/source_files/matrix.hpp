#pragma once

#include <array>
#include <cstddef>
#include <ostream>

template <typename T, std::size_t Rows, std::size_t Columns>
class Matrix {
public:
    T &operator()(std::size_t row, std::size_t column) { return values_[row * Columns + column]; }
    const T &operator()(std::size_t row, std::size_t column) const { return values_[row * Columns + column]; }

    template <std::size_t Other>
    Matrix<T, Rows, Other> operator*(const Matrix<T, Columns, Other> &right) const {
        Matrix<T, Rows, Other> product;
        for (std::size_t i = 0; i < Rows; ++i)
            for (std::size_t j = 0; j < Other; ++j)
                for (std::size_t k = 0; k < Columns; ++k)
                    product(i, j) += (*this)(i, k) * right(k, j);
        return product;
    }

    friend std::ostream &operator<<(std::ostream &out, const Matrix &matrix) {
        for (std::size_t i = 0; i < Rows; ++i) {
            for (std::size_t j = 0; j < Columns; ++j)
                out << matrix(i, j) << (j + 1 < Columns ? ' ' : '\n');
        }
        return out;
    }

private:
    std::array<T, Rows * Columns> values_{};
};
