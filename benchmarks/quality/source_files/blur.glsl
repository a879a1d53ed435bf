#version 330 core

in vec2 uv;
out vec4 colour;

uniform sampler2D image;
uniform vec2 direction;
uniform float radius;

const float weights[5] = float[](0.227, 0.194, 0.121, 0.054, 0.016);

void main() {
    vec2 step = direction * radius / vec2(textureSize(image, 0));
    vec3 sum = texture(image, uv).rgb * weights[0];
    for (int i = 1; i < 5; ++i) {
        vec2 offset = step * float(i);
        sum += texture(image, uv + offset).rgb * weights[i];
        sum += texture(image, uv - offset).rgb * weights[i];
    }
    colour = vec4(sum, 1.0);
}
