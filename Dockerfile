# The command in a small image: docker build -t ugmm . && docker run --rm -v "$PWD:/data" ugmm train table.csv --target column -o model.safetensors
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p ugmm-cli

FROM debian:bookworm-slim
COPY --from=build /source/target/release/ugmm /usr/local/bin/ugmm
COPY --from=build /source/LICENSE /usr/share/doc/ugmm/LICENSE
# Files are written to the folder that is mounted here, by the user given with --user.
WORKDIR /data
USER 1000:1000
ENTRYPOINT ["ugmm"]
CMD ["help"]
